// @ts-check
/** What failed, told so that its end of a long log is enough: the claim, what differed, and what the platform complained of meanwhile. */
import fs from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";

/** @typedef {import("./failure-reporter.mjs").Failure} Failure */

const LINES = 30;
const COMPLAINTS = 8;
const WIDTH = 300;
const WARN = 40;

/** @param {string} file as the reporter wrote it @returns {Failure[] | null} null when the run did not get that far */
export const readFailures = (file) => (fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : null);

/** @param {string} level @param {Failure} failure @param {string | null} logs folder of a platform's logs @param {string} root */
export function tell(level, { file, name, messages, from, to }, logs, root) {
  const text = stripVTControlCharacters(messages.join("\n")).replaceAll(`${root}/`, "").split("\n");
  const shown = text.length > LINES ? [...text.slice(0, LINES - 1), "…"] : text;
  const said = logs && from > 0 ? complaints(logs, from, to) : [];
  return [`${level}: ${path.relative(root, file)}${name ? `: ${name}` : ""}`, ...shown, ...said].join("\n  ");
}

/** What a platform's processes logged as a warning or worse in a time, the latest ones. @param {string} logs @param {number} from @param {number} to ms */
export function complaints(logs, from, to) {
  const found = ["worker.log", "web.log"].flatMap((file) => {
    const place = path.join(logs, file);
    const lines = fs.existsSync(place) ? fs.readFileSync(place, "utf8").split("\n") : [];
    return lines.flatMap((line) => {
      const entry = parse(line);
      return entry && entry.level >= WARN && entry.time >= from && entry.time <= to ? [entry] : [];
    });
  });
  const latest = found.sort((a, b) => a.time - b.time).slice(-COMPLAINTS);
  return latest.map(({ time, name, msg, err, error, reason }) => {
    const why = err?.message ?? error ?? reason;
    return `[${new Date(time).toISOString().slice(11, 23)} ${name}] ${msg}${why ? `: ${why}` : ""}`.slice(0, WIDTH);
  });
}

/** @param {string} line @returns {{ level: number, time: number, name: string, msg: string, err?: { message: string }, error?: string, reason?: string } | null} */
function parse(line) {
  try {
    return line.startsWith("{") ? JSON.parse(line) : null;
  } catch {
    return null; // the end of a process that was killed while it wrote
  }
}
