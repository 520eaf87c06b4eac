import type { TargetUnit } from "./constants";

const SECONDS: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 };

/** What was typed, in the metric's unit: `5m`, `2h 30m`, `14 d`; `95` or `95 %` of a share. Null when it says nothing. */
export function readValue(unit: TargetUnit, text: string): number | null {
  const typed = text
    .trim()
    .toLowerCase()
    .replaceAll(",", ".")
    .replaceAll(/[\u00a0\u202f]/g, " ");
  if (unit !== "s") {
    const match = /^(\d+(?:\.\d+)?)\s*(%|per day)?$/.exec(typed);
    if (!match) return null;
    return unit === "share" ? Number(match[1]) / 100 : match[2] === "%" ? null : Number(match[1]);
  }
  if (/^\d+(\.\d+)?$/.test(typed)) return Number(typed);
  const parts = [...typed.matchAll(/(\d+(?:\.\d+)?)\s*(min|s|m|h|d|w)(?![a-z])/g)];
  const rest = typed.replaceAll(/(\d+(?:\.\d+)?)\s*(min|s|m|h|d|w)(?![a-z])/g, "").trim();
  if (parts.length === 0 || rest !== "") return null;
  return parts.reduce((sum, [, figure, one]) => sum + Number(figure) * (SECONDS[one ?? ""] ?? 0), 0);
}

/** What the field asks for. */
export const valueHint: Record<TargetUnit, string> = {
  s: "such as 90s, 5m, 2h 30m, 14d",
  share: "in percent, such as 95",
  per_day: "a day, such as 2.5",
  number: "a number",
};
/** The value as it would be typed. */
export function typedText(unit: TargetUnit, value: number): string {
  if (unit === "share") return String(Number((value * 100).toFixed(4)));
  if (unit !== "s") return String(value);
  const parts: string[] = [];
  let left = value;
  for (const [one, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
  ] as const) {
    const whole = Math.floor(left / size);
    if (whole > 0) parts.push(`${whole}${one}`);
    left -= whole * size;
  }
  if (left > 0 || parts.length === 0) parts.push(`${Number(left.toFixed(3))}s`);
  return parts.join(" ");
}
