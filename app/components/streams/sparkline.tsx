import type { TrendPoint } from "./rows";

const WIDTH = 100;
const HEIGHT = 40;

/** A figure by weeks from 0 up, drawn by the server: the period before paler. A week that is not known breaks the line. */
export function Sparkline({ name, points }: { name: string; points: TrendPoint[] | null }) {
  if (points === null) return <div className="spark" />;
  const max = Math.max(...points.map((point) => point.value ?? 0)) || 1;
  const known = points.filter((point) => point.value !== null).length;
  return (
    <div className="spark">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${name} by week, ${known} of ${points.length} weeks known`}>
        <path className="base" d={`M0 ${HEIGHT}H${WIDTH}`} />
        {linesOf(points, max).map((line) => (
          <polyline key={line.points} className={line.isBefore ? "was" : undefined} points={line.points} />
        ))}
      </svg>
    </div>
  );
}

/** Runs of known weeks of one period; a week alone becomes a short dash, since a line of one point is not seen. */
export function linesOf(points: readonly TrendPoint[], max: number): { isBefore: boolean; points: string }[] {
  const step = WIDTH / points.length;
  const lines: { isBefore: boolean; places: string[]; end: number }[] = [];
  points.forEach(({ isBefore, value }, at) => {
    if (value === null) return;
    const [x, y] = [(at + 0.5) * step, HEIGHT - (value / max) * (HEIGHT - 2)];
    const last = lines.at(-1);
    const place = `${x.toFixed(1)},${y.toFixed(1)}`;
    if (last && last.isBefore === isBefore && last.end === at - 1) {
      last.places.push(place);
      last.end = at;
    } else lines.push({ isBefore, places: [`${(x - step / 4).toFixed(1)},${y.toFixed(1)}`, place], end: at });
  });
  return lines.map(({ isBefore, places }) => ({ isBefore, points: places.join(" ") }));
}
