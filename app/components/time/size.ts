const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `48.2 MiB`, `512 B`. */
export function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const figure = bytes / 1024 ** power;
  // 1023.96 would be rounded to 1024.0 of the smaller unit.
  if (power < UNITS.length - 1 && Number(figure.toFixed(1)) >= 1024) return size(1024 ** (power + 1));
  return `${power === 0 ? figure : figure.toFixed(1)}\u202f${UNITS[power]}`;
}

/** `+1.1 MiB`, `−12.0 KiB`, `the same size`. */
export function difference(now: number, before: number): string {
  if (now === before) return "the same size";
  return `${now > before ? "+" : "\u2212"}${size(Math.abs(now - before))}`;
}
