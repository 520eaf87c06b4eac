/** Narrow no-break space before a unit; no-break space inside `1m 26s`. */
const NNBSP = "\u202f";
const NBSP = "\u00a0";

/** `94.6` under two minutes of sums: one unit, one precision, so that figures that are added add up. */
export const tenths = (seconds: number): string => group((Math.round(seconds * 10) / 10).toFixed(1));

const group = (figure: string): string => {
  const [whole = "0", fraction] = figure.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
};

/** `9.3 s`, `1m 26s`, `5h 12m`, `3d 4h`. */
export function duration(seconds: number): string {
  const tenth = Math.round(seconds * 10) / 10;
  if (tenth < 60) return `${tenth.toFixed(1)}${NNBSP}s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return pair(Math.floor(whole / 60), "m", whole % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), "h", minutes % 60, "m");
  const hours = Math.round(seconds / 3600);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

const pair = (big: number, bigUnit: string, small: number, smallUnit: string) =>
  `${big}${bigUnit}${NBSP}${String(small).padStart(smallUnit === "h" ? 1 : 2, "0")}${smallUnit}`;

/** For rulers: `0`, `20 s`, `1m`, `1m 20s`, `2h`. */
export function tick(seconds: number): string {
  if (seconds === 0) return "0";
  if (seconds < 60) return `${Number(seconds.toFixed(1))}${NNBSP}s`;
  if (seconds < 3600) return seconds % 60 === 0 ? `${seconds / 60}m` : duration(seconds);
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : duration(seconds);
}

export const count = (n: number): string => group(String(n));
/** `1 line`, `2 lines`. */
export const counted = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
export const percent = (part: number, whole: number): string => (whole > 0 ? `${((part / whole) * 100).toFixed(1)}${NNBSP}%` : "–");

/** Sums in tenths that still add up: the waiting part takes what rounding leaves over. */
export function addends(totals: { va: number; nnva: number; wait: number; lead: number }) {
  const toTenths = (seconds: number) => Math.round(seconds * 10);
  const lead = toTenths(totals.lead);
  const nnva = Math.min(lead, toTenths(totals.nnva));
  const va = Math.min(lead - nnva, toTenths(totals.va));
  const shares = { va, nnva, wait: lead - va - nnva, lead };
  return { va: tenths(shares.va / 10), nnva: tenths(shares.nnva / 10), wait: tenths(shares.wait / 10), lead: tenths(lead / 10) };
}

/** `just now`, `13 minutes ago`, `2 days ago`. */
export function relative(at: number, now: number): string {
  const seconds = Math.round((now - at) / 1000);
  const ahead = seconds < -1;
  const past = Math.abs(seconds);
  if (past < 10) return "just now";
  const [size, unit] =
    past < 60
      ? [past, "second"]
      : past < 3600
        ? [Math.floor(past / 60), "minute"]
        : past < 86_400
          ? [Math.floor(past / 3600), "hour"]
          : [Math.floor(past / 86_400), "day"];
  const words = `${size} ${unit}${size === 1 ? "" : "s"}`;
  return ahead ? `in ${words}` : `${words} ago`;
}
