import type { TrendPoint } from "../streams/rows";

const WIDTH = 200;
const HEIGHT = 44;
/** Room for a mark's upper half. */
const TOP = 4;
/** A target this many times above the highest week would press the weeks flat: it is told in words then. */
const FAR = 3;

type Mark = { x: number; y: number; isBefore: boolean };
export type WeekShape = {
  marks: Mark[];
  lines: { isBefore: boolean; d: string }[];
  bars: { isBefore: boolean; x: number; y: number; width: number; height: number }[];
  /** Where this period begins. */
  nowFrom: number;
  target: number | null;
};

/** Weeks from 0 up on one scale with their target. A week that is not known breaks the line. @param as a frequency is drawn in bars: it is a count */
export function shapeOf(points: readonly TrendPoint[], target: number | null, as: "line" | "bars"): WeekShape {
  const highest = Math.max(0, ...points.map((point) => point.value ?? 0));
  const isNear = target !== null && target <= highest * FAR;
  const max = Math.max(highest, isNear ? target : 0) || 1;
  const step = WIDTH / Math.max(1, points.length);
  const up = (value: number) => round(HEIGHT - (value / max) * (HEIGHT - TOP));
  const marks = points.map(({ isBefore, value }, at) => (value === null ? null : { x: round((at + 0.5) * step), y: up(value), isBefore }));
  const firstNow = points.findIndex((point) => !point.isBefore);
  return {
    marks: marks.filter((mark) => mark !== null),
    lines: as === "bars" ? [] : linesOf(marks),
    bars:
      as === "line"
        ? []
        : marks.flatMap((mark) =>
            mark === null
              ? []
              : [{ isBefore: mark.isBefore, x: round(mark.x - step * 0.34), y: mark.y, width: round(step * 0.68), height: round(HEIGHT - mark.y) }],
          ),
    nowFrom: round((firstNow < 0 ? points.length : firstNow) * step),
    target: isNear ? up(target) : null,
  };
}

const round = (value: number) => Math.round(value * 10) / 10;

/** Neighbouring weeks joined; a join that leads into this period is this period's. */
function linesOf(marks: readonly (Mark | null)[]): WeekShape["lines"] {
  const lines: WeekShape["lines"] = [];
  marks.forEach((mark, at) => {
    const from = marks[at - 1];
    if (!mark || !from) return;
    const last = lines.at(-1);
    if (last?.isBefore === mark.isBefore && last.d.endsWith(`${from.x} ${from.y}`)) last.d += `L${mark.x} ${mark.y}`;
    else lines.push({ isBefore: mark.isBefore, d: `M${from.x} ${from.y}L${mark.x} ${mark.y}` });
  });
  return lines;
}

/** A figure by weeks, drawn by the server: the period before paler, this period on grey, the target dashed. */
export function WeekChart({ name, points, target, as }: { name: string; points: TrendPoint[]; target: number | null; as: "line" | "bars" }) {
  const { marks, lines, bars, nowFrom, target: aim } = shapeOf(points, target, as);
  const look = (isBefore: boolean) => (isBefore ? "was" : "is");
  return (
    <svg
      className="weeks"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${name} by week, ${marks.length} of ${points.length} weeks known`}
    >
      <rect className="now" x={nowFrom} y="0" width={WIDTH - nowFrom} height={HEIGHT} />
      {bars.map(({ isBefore, ...bar }) => (
        <rect key={bar.x} className={look(isBefore)} {...bar} />
      ))}
      {aim === null ? null : <path className="aim" d={`M0 ${aim}H${WIDTH}`} />}
      {lines.map((line) => (
        <path key={line.d} className={look(line.isBefore)} d={line.d} />
      ))}
      {as === "bars" ? null : marks.map((mark) => <path key={mark.x} className={`dot ${look(mark.isBefore)}`} d={`M${mark.x} ${mark.y}h0`} />)}
    </svg>
  );
}
