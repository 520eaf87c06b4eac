export type Tick = { at: number; label: string };

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 43_200, 86_400];

/** The smallest round length that holds `seconds` in at most ten parts, and the length of one part. */
export function niceScale(seconds: number, parts = 10): { max: number; step: number } {
  const wanted = Math.max(seconds, 0.5);
  const step = STEPS.find((one) => wanted / one <= parts) ?? Math.ceil(wanted / parts / 86_400) * 86_400;
  return { max: Math.max(step, Math.ceil(Number((wanted / step).toFixed(6))) * step), step };
}

/** Marks of a ruler; every second one is labelled so that labels never touch. */
export function ticks(scale: { max: number; step: number }, label: (seconds: number) => string): Tick[] {
  const found: Tick[] = [];
  const number = Math.round(scale.max / scale.step);
  for (let i = 0; i <= number; i++) {
    const at = Number((i * scale.step).toFixed(6));
    found.push({ at, label: i % 2 === 0 && i < number ? label(at) : "" });
  }
  return found;
}
