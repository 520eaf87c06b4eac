import { niceScale } from "../time/scale";

/** What a chart's figures are: seconds, a share from 0 to 1, a plain number, processors, bytes, or bytes a second. */
export type Unit = "seconds" | "share" | "number" | "cores" | "bytes" | "rate";

/** From 0 to the next round figure, in at most five parts. */
export function axisOf(unit: Unit, most: number): { domain: [number, number]; ticks: number[] } {
  if (unit === "seconds") return ticksOf(niceScale(most, 5));
  if (unit === "bytes" || unit === "rate") {
    // people read sizes in powers of two: 64, 128, 192 MiB
    const part = 2 ** Math.ceil(Math.log2(Math.max(most, LEAST_BYTES) / 5));
    return ticksOf({ max: Math.ceil(Math.max(most, LEAST_BYTES) / part) * part, step: part });
  }
  if (unit === "share" && most > 0.5) return ticksOf({ max: 1, step: 0.2 });
  const step = roundUp((most || (unit === "share" ? 0.05 : 1)) / 5);
  return ticksOf({ max: Math.ceil(Number(((most || step) / step).toFixed(6))) * step, step });
}

function ticksOf({ max, step }: { max: number; step: number }) {
  const ticks = Array.from({ length: Math.round(max / step) + 1 }, (_, at) => Number((at * step).toFixed(6)));
  return { domain: [0, max] as [number, number], ticks };
}

const LEAST_BYTES = 1024;

/** 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const lead = value / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}
