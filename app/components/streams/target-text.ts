import type { TargetUnit } from "../../../server/improvement/constants";
import { duration } from "../time/format";
import { rate } from "./figure";

/** A target's or a figure's value as people say it. */
export function valueText(unit: TargetUnit, value: number): string {
  if (unit === "s") return value >= 86_400 && value % 86_400 === 0 ? `${value / 86_400} d` : duration(value);
  if (unit === "share") return rate(value);
  const text = Number(value.toFixed(2)).toString();
  return unit === "per_day" ? `${text} per day` : text;
}
