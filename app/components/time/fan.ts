/** A step's place on the time axis and the look of its part of the fan; null for a step that never ran. */
export type FanPart = { from: number; to: number; look: string } | null;
export type Fan = {
  horizontal: { polygons: { look: string; points: string }[]; path: string };
  vertical: { polygons: { look: string; points: string }[]; path: string };
};

const SIZE = 1000;
const DEPTH = 40;

/** Carries each boundary from true time (above) to equal columns (below); turned by 90° for phones. */
export function fanOf(parts: readonly FanPart[], max: number): Fan {
  const place = (seconds: number) => Math.round((Math.min(Math.max(seconds, 0), max) / max) * SIZE);
  const column = (index: number) => Math.round((index / parts.length) * SIZE);
  const shapes = parts.flatMap((part, index) =>
    part ? [{ look: part.look, a: place(part.from), b: place(part.to), c: column(index + 1), d: column(index) }] : [],
  );
  const last = shapes.at(-1);
  const edges = [...shapes.map(({ a, d }) => [a, d] as const), ...(last ? [[last.b, last.c] as const] : [])];
  return {
    horizontal: {
      polygons: shapes.map(({ look, a, b, c, d }) => ({ look, points: `${a},0 ${b},0 ${c},${DEPTH} ${d},${DEPTH}` })),
      path: edges.map(([top, bottom]) => `M${top},0L${bottom},${DEPTH}`).join(""),
    },
    vertical: {
      polygons: shapes.map(({ look, a, b, c, d }) => ({ look, points: `0,${a} 0,${b} ${DEPTH},${c} ${DEPTH},${d}` })),
      path: edges.map(([left, right]) => `M0,${left}L${DEPTH},${right}`).join(""),
    },
  };
}
