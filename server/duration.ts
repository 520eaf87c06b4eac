import { AppError } from "./errors";

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of `45s`, `10m`, `12h`, `30d`, `2w`. @throws AppError `bad_request` */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})([smhdw])$/.exec(text.trim());
  if (!match) throw new AppError("bad_request", { what: `${text} is not a duration.`, fix: "Write a number and a unit: 45s, 10m, 12h, 30d, 2w." });
  return Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
}
