import type { AppUse } from "./schema";

/** Narrow no-break space before a unit. */
const NNBSP = "\u202f";
const MIB = 1024 ** 2;

/** `0.25 cores`, `1 core`; below a hundredth in thousandths, so that what is little is not told as nothing. */
export function cores(value: number): string {
  const figure = value === 0 || value >= 0.1 ? Number(value.toFixed(2)) : Number(value.toFixed(3));
  return value > 0 && figure === 0 ? "under 0.001 cores" : `${figure} ${figure === 1 ? "core" : "cores"}`;
}

/** `512 MiB`, `1.5 GiB`, `12 KiB`: what people set is written as they set it. */
export function memory(bytes: number): string {
  const mib = bytes / MIB;
  if (mib >= 1024) return `${Number((mib / 1024).toFixed(2))}${NNBSP}GiB`;
  if (mib < 1) return `${Math.ceil(bytes / 1024)}${NNBSP}KiB`;
  return `${mib >= 10 ? Math.round(mib) : Number(mib.toFixed(1))}${NNBSP}MiB`;
}

/** `7 days`, `5 hours`, `40 minutes`: how long was looked. */
export function observed({ looks }: Pick<AppUse, "looks">): string {
  const minutes = looks / 6;
  const [amount, unit] = minutes >= 2 * 24 * 60 ? [minutes / (24 * 60), "day"] : minutes >= 120 ? [minutes / 60, "hour"] : [minutes, "minute"];
  const whole = Math.max(1, Math.floor(amount));
  return `${whole} ${unit}${whole === 1 ? "" : "s"}`;
}

/** What is given against what was used, as a sentence: `512 MiB allowed, at most 61 MiB used in 7 days.` */
export function saidOf(one: AppUse, of: "cpu" | "memory"): string {
  const { reserved, limit, most } = one[of];
  const say = of === "cpu" ? cores : memory;
  if (one.n === 0) return one.replicas === 0 ? "Not running." : "Nothing was looked at yet.";
  const used = `at most ${say(most)} used in ${observed(one)}`;
  if (reserved !== null) return `${say(reserved)} reserved, ${used}.`;
  if (limit !== null) return `${say(limit)} allowed, ${used}.`;
  return one.replicas === 0 ? `Not running; ${used}.` : `No limit, ${used}.`;
}

/** What could be given to others: `451 MiB spare`, `none spare`; null where it cannot be said yet. */
export function spareOf(one: AppUse, of: "cpu" | "memory"): string | null {
  const { spare } = one[of];
  if (spare === null) return null;
  return spare === 0 ? "none spare" : `${of === "cpu" ? cores(spare) : memory(spare)} spare`;
}
