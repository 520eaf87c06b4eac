import { DateTime, IANAZone } from "luxon";
import type { Micros } from "../../db/schema/columns";
import { AppError } from "../errors";

/** A half-open window [from, to) in a time zone. */
export type Window = { from: Micros; to: Micros; tz: string };

const MICROS = 1000;
const DAY_MICROS = 86_400_000_000;
const local = (at: Micros, tz: string) => DateTime.fromMillis(Math.floor(at / MICROS), { zone: tz });

/** The local date of an instant, `2026-03-29`. */
export const localDate = (at: Micros, tz: string): string => local(at, tz).toISODate() as string;

/** The instant at which a local date begins. */
export const startOfDate = (date: string, tz: string): Micros => DateTime.fromISO(date, { zone: tz }).startOf("day").toMillis() * MICROS;

/** Every local date that touches [from, to), zero days included. */
export function localDates(from: Micros, to: Micros, tz: string): string[] {
  const dates: string[] = [];
  if (to <= from) return dates;
  const last = localDate(to - 1, tz);
  for (let day = local(from, tz).startOf("day"); ; day = day.plus({ days: 1 }).startOf("day")) {
    const date = day.toISODate() as string;
    dates.push(date);
    if (date >= last) return dates;
  }
}

/** ISO weeks (Monday to Sunday, local) that lie wholly inside [from, to), each with its seven dates. */
export function wholeWeeks(from: Micros, to: Micros, tz: string): string[][] {
  const weeks: string[][] = [];
  let monday = local(from, tz).startOf("week");
  if (monday.toMillis() * MICROS < from) monday = monday.plus({ weeks: 1 });
  for (; monday.plus({ weeks: 1 }).toMillis() * MICROS <= to; monday = monday.plus({ weeks: 1 }))
    weeks.push(Array.from({ length: 7 }, (_, day) => monday.plus({ days: day }).toISODate() as string));
  return weeks;
}

/** Length of a local day in hours: 23 or 25 where clocks change. */
export const hoursOf = (date: string, tz: string): number => {
  const begin = DateTime.fromISO(date, { zone: tz }).startOf("day");
  return begin.plus({ days: 1 }).startOf("day").diff(begin, "hours").hours;
};

/** @throws AppError `bad_request` for a zone that is none */
export function checkZone(tz: string): string {
  if (IANAZone.isValidZone(tz)) return tz;
  throw new AppError("bad_request", { what: `${tz.slice(0, 60)} is no time zone.`, fix: "Name one of the IANA database, such as Europe/Berlin or UTC." });
}

/** An instant, or the beginning of a date in the zone. @throws AppError `bad_request` */
export function readInstant(text: string, tz: string, name: string): Micros {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text);
  const parsed = isDate ? DateTime.fromISO(text, { zone: tz }).startOf("day") : DateTime.fromISO(text, { zone: tz, setZone: false });
  if (parsed.isValid) return parsed.toMillis() * MICROS + microsBelowMillis(text);
  throw new AppError("bad_request", {
    what: `${name} is neither a date nor an instant: ${text.slice(0, 60)}`,
    fix: "Write 2026-03-01 or 2026-03-01T12:00:00Z.",
  });
}

/** The fourth to sixth digit after the second's point: what milliseconds do not hold. */
const microsBelowMillis = (text: string): number => Number((/:\d\d\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? "0").padEnd(3, "0"));

const DEFAULT_DAYS = 30;

/** @throws AppError `bad_request` for a zone, an instant or an order that is wrong */
export function readWindow(input: { from?: string | undefined; to?: string | undefined; tz?: string | undefined }, now: Micros): Window {
  const tz = checkZone(input.tz ?? "UTC");
  const to = input.to === undefined ? now : readInstant(input.to, tz, "to");
  const from = input.from === undefined ? to - DEFAULT_DAYS * DAY_MICROS : readInstant(input.from, tz, "from");
  if (to < from) throw new AppError("bad_request", { what: "The window ends before it begins.", fix: "Give from before to." });
  return { from, to, tz };
}

/** The window of equal length that ends where this one begins: as many local days and as much of a day, whatever clocks do. */
export function windowBefore({ from, to, tz }: Window): Window {
  const begin = local(from, tz);
  const { days, milliseconds } = local(to, tz).diff(begin, ["days", "milliseconds"]);
  return { from: begin.minus({ days }).toMillis() * MICROS - Math.round(milliseconds) * MICROS, to: from, tz };
}

/** A window in pieces of seven local days from its beginning; the last may be shorter. */
export function weeksOf({ from, to, tz }: Window): Window[] {
  const weeks: Window[] = [];
  for (let begin = from; begin < to; ) {
    const end = Math.min(to, local(begin, tz).plus({ weeks: 1 }).toMillis() * MICROS);
    weeks.push({ from: begin, to: end, tz });
    begin = end;
  }
  return weeks;
}

export const GRAINS = ["day", "week", "month"] as const;
export type Grain = (typeof GRAINS)[number];

/** A window in local days, ISO weeks or months; the first and the last may be cut short by it. */
export function piecesOf({ from, to, tz }: Window, grain: Grain): (Window & { isWhole: boolean })[] {
  const pieces: (Window & { isWhole: boolean })[] = [];
  for (let begin = local(from, tz).startOf(grain); begin.toMillis() * MICROS < to; begin = begin.plus({ [grain]: 1 }).startOf(grain)) {
    const [start, end] = [
      begin.toMillis() * MICROS,
      begin
        .plus({ [grain]: 1 })
        .startOf(grain)
        .toMillis() * MICROS,
    ];
    pieces.push({ from: Math.max(from, start), to: Math.min(to, end), tz, isWhole: start >= from && end <= to });
  }
  return pieces;
}

/** Pieces of seven local days that end where this window begins, the earliest first. */
export function weeksBefore({ from, tz }: Window, count: number): Window[] {
  const at = (weeks: number) => local(from, tz).minus({ weeks }).toMillis() * MICROS + (from % MICROS);
  return Array.from({ length: count }, (_, n) => ({ from: at(count - n), to: at(count - n - 1), tz }));
}
