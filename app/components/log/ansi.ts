export type Run = { text: string; className: string };

/** As much of a line as is ever shown or searched. The writer of deployment logs stores no more of one. */
export const LONGEST_LINE = 16_384;

/**
 * Control sequences of ECMA-48, in their 7-bit and 8-bit forms: SGR (its codes captured), every other CSI, strings such as OSC 8
 * links up to their terminator, and the short escapes. None of them can hold an ESC, so the search never reads a character
 * more than twice however many openings a line has.
 */
const SEQUENCE = new RegExp(
  [
    "(?:\\x1b\\[|\\x9b)([0-9;]*)m",
    "(?:\\x1b\\[|\\x9b)[0-?]*[ -/]*[@-~]",
    "(?:\\x1b[\\]PX^_]|[\\x9d\\x90\\x98\\x9e\\x9f])[^\\x07\\x1b\\x9c]*(?:\\x07|\\x1b\\\\|\\x9c)",
    "\\x1b[ -/]+[0-~]",
    "\\x1b[0-Z\\\\`-~]",
  ].join("|"),
  "g",
);
/** What is left of control characters, all but the tab; marks that change the reading direction or break the line; halves of pairs. */
const UNSEEN =
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** Without any of these a line is text as it is. */
const SPECIAL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/;
const COLOURS = ["", "red", "green", "yellow", "blue", "magenta", "cyan", ""];

type Style = { colour: string; bold: boolean; dim: boolean };
const PLAIN: Style = { colour: "", bold: false, dim: false };

const classOf = ({ colour, bold, dim }: Style) => [colour && `ansi-${colour}`, bold && "ansi-bold", dim && "ansi-dim"].filter(Boolean).join(" ");

/**
 * A line's SGR colours as classes. Every other control sequence and control character is left out, also the marks that would
 * reorder what is read; of `\r` rewrites the last one stays; beyond the longest line an ellipsis stands.
 */
export function ansiRuns(line: string): Run[] {
  const text = lastState(line);
  if (!SPECIAL.test(text)) return [{ text, className: "" }];
  const runs: Run[] = [];
  let style = PLAIN;
  let from = 0;
  const add = (part: string) => {
    const seen = part.replace(UNSEEN, "");
    if (seen === "") return;
    const className = classOf(style);
    const last = runs.at(-1);
    if (last?.className === className) last.text += seen;
    else runs.push({ text: seen, className });
  };
  for (const match of text.matchAll(SEQUENCE)) {
    add(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[1] !== undefined) style = applied(style, match[1]);
  }
  add(text.slice(from));
  return runs;
}

function lastState(line: string): string {
  let end = line.length;
  while (end > 0 && line.charCodeAt(end - 1) === 13) end--;
  const begin = end === 0 ? 0 : line.lastIndexOf("\r", end - 1) + 1;
  return end - begin > LONGEST_LINE ? `${line.slice(begin, begin + LONGEST_LINE)}…` : line.slice(begin, end);
}

function applied(before: Style, codes: string): Style {
  let style = before;
  const numbers = codes === "" ? [0] : codes.split(";").map(Number);
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i] ?? 0;
    if (code === 0) style = PLAIN;
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 2) style = { ...style, dim: true };
    else if (code === 22) style = { ...style, bold: false, dim: false };
    else if (code === 39) style = { ...style, colour: "" };
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) style = { ...style, colour: code === 90 ? "grey" : (COLOURS[code % 10] ?? "") };
    else if (code === 38 || code === 48) i += numbers[i + 1] === 5 ? 2 : 4;
  }
  return style;
}

/** The line as it is read, for search and download. */
export const plainText = (line: string): string =>
  ansiRuns(line)
    .map((run) => run.text)
    .join("");
