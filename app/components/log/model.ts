import type { LogLine } from "../../../server/logs/codec";
import { plainText } from "./ansi";

export type Group = { key: string; step: string; lines: LogLine[] };
export type Row =
  | { kind: "head"; group: Group; isOpen: boolean }
  | { kind: "gap"; group: Group; from: number; to: number; count: number }
  | { kind: "line"; line: LogLine; isFirst: boolean };

/** Lines in order, cut where the step changes; a step that comes again (a retry) is a group of its own. */
export function groupLines(lines: readonly LogLine[]): Group[] {
  const groups: Group[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (last && last.step === line.s) last.lines.push(line);
    else groups.push({ key: `${line.s}-${line.n}`, step: line.s, lines: [line] });
  }
  return groups;
}

/** How a group is shown: its head alone, its beginning and its end, or all of it. */
export type View = "closed" | "short" | "whole";
const SHORT_FROM = 60;
const BEGINNING = 10;
const END = 20;

/** What is on the page from top to bottom: each group's head, its lines as far as it is open, and a fold that says how many are not. */
export function rowsOf(groups: readonly Group[], viewOf: (group: Group) => View): Row[] {
  const rows: Row[] = [];
  for (const group of groups) {
    const view = viewOf(group);
    const { lines } = group;
    rows.push({ kind: "head", group, isOpen: view !== "closed" });
    if (view === "closed") continue;
    const isFolded = view === "short" && lines.length > SHORT_FROM;
    const folded = isFolded ? lines.slice(BEGINNING, -END) : [];
    for (const [index, line] of lines.entries()) {
      if (index === BEGINNING && isFolded) rows.push({ kind: "gap", group, ...ends(folded), count: folded.length });
      if (!isFolded || index < BEGINNING || index >= lines.length - END) rows.push({ kind: "line", line, isFirst: index === 0 });
    }
  }
  return rows;
}

const ends = (lines: readonly LogLine[]): LineRange => ({ from: lines[0]?.n ?? 0, to: lines.at(-1)?.n ?? 0 });

/** Numbers of the lines that hold a text, whatever its case. */
export function search(lines: readonly LogLine[], wish: string): number[] {
  const word = wish.trim().toLowerCase();
  if (word === "") return [];
  return lines.filter((line) => plainText(line.x).toLowerCase().includes(word)).map((line) => line.n);
}

export type Tone = "" | "err" | "warn" | "dim";

/** A line's tone, from its words: errors and warnings stand out, cached work steps back. */
export function toneOf(line: Pick<LogLine, "x">): Tone {
  if (/\b(ERROR|FATAL|ERR!)\b|^\s*(error|fatal|npm error)\b|\bfailed to\b/.test(line.x)) return "err";
  if (/\b(WARN|WARNING)\b|^\s*(warn|warning)\b/.test(line.x)) return "warn";
  return /^#\d+ (CACHED|DONE)|\bCACHED$/.test(line.x) ? "dim" : "";
}

export type LineRange = { from: number; to: number };

/** `#L120` or `#L120-L140` of an address, in either order. */
export function linkedLines(hash: string): LineRange | null {
  const found = /^#L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash);
  if (!found) return null;
  const [one, other] = [Number(found[1]), Number(found[2] ?? found[1])];
  return { from: Math.min(one, other), to: Math.max(one, other) };
}

export const hashOf = ({ from, to }: LineRange): string => (from === to ? `#L${from}` : `#L${from}-L${to}`);

/** What Shift and a line's number make of the lines linked before: from their first to this one. */
export const extended = (linked: LineRange | null, n: number): LineRange =>
  linked === null ? { from: n, to: n } : { from: Math.min(linked.from, n), to: Math.max(linked.from, n) };

/** From which line to which a group goes. */
export const numbersOf = (group: Group): LineRange => ends(group.lines);

/** Which find comes next, around the ends; `current` is −1 while none has been gone to. */
export const nextFind = (current: number, by: 1 | -1, count: number): number =>
  current < 0 ? (by === 1 ? 0 : count - 1) : (Math.min(current, count - 1) + by + count) % count;
