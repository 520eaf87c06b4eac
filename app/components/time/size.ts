const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `48.2 MiB`, `512 B`. */
export function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const figure = bytes / 1024 ** power;
  // 1023.96 would be rounded to 1024.0 of the smaller unit.
  if (power < UNITS.length - 1 && Number(figure.toFixed(1)) >= 1024) return size(1024 ** (power + 1));
  return `${power === 0 ? figure : figure.toFixed(1)}\u202f${UNITS[power]}`;
}

/** A part in the unit of its whole: `212` of `512 MiB`, `9.8` of `16 GiB`. */
export function within(used: number, whole: number): { used: string; whole: string } {
  const [figure = "0", unit = ""] = size(whole).split("\u202f");
  const power = UNITS.indexOf(unit);
  const short = (value: number) =>
    value > 0 && value < 0.1 ? value.toFixed(2) : value >= 100 || Number.isInteger(Number(value.toFixed(1))) ? value.toFixed(0) : value.toFixed(1);
  return { used: short(used / 1024 ** power), whole: `${short(Number(figure))}\u202f${unit}` };
}

/** `+1.1 MiB`, `−12.0 KiB`, `the same size`. */
export function difference(now: number, before: number): string {
  if (now === before) return "the same size";
  return `${now > before ? "+" : "\u2212"}${size(Math.abs(now - before))}`;
}
