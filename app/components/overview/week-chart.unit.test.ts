import { describe, expect, test } from "vitest";
import { shapeOf } from "./week-chart";

const weeks = (...values: (number | null)[]) => values.map((value, at) => ({ value, isBefore: at < values.length / 2 }));

describe("a figure by weeks", () => {
  test("the highest week reaches the top, 0 the ground, and this period begins at its first week", () => {
    const { marks, nowFrom } = shapeOf(weeks(10, 0, 5, 10), null, "line");
    expect(marks.map(({ y }) => y)).toEqual([4, 44, 24, 4]);
    expect(marks.map(({ x }) => x)).toEqual([25, 75, 125, 175]);
    expect(nowFrom).toBe(100);
  });

  test("a week that is not known breaks the line and has no mark", () => {
    const { marks, lines } = shapeOf(weeks(1, null, 2, 3), null, "line");
    expect(marks).toHaveLength(3);
    expect(lines).toEqual([{ isBefore: false, d: "M125 17.3L175 4" }]);
  });

  test("the join into this period is this period’s", () => {
    const { lines } = shapeOf(weeks(1, 1, 1, 1), null, "line");
    expect(lines.map((line) => [line.isBefore, line.d.split("L").length])).toEqual([
      [true, 2],
      [false, 3],
    ]);
  });

  test("a target is drawn on the scale, unless it would press the weeks flat", () => {
    expect(shapeOf(weeks(1, 2), 4, "line").target).toBe(4);
    expect(shapeOf(weeks(1, 2), 1, "line").target).toBe(24);
    expect(shapeOf(weeks(1, 2), 60, "line").target).toBeNull();
  });

  test("bars stand on the ground within their week; nothing but zeros is drawn flat", () => {
    const { bars, lines } = shapeOf(weeks(2, 1), null, "bars");
    expect(lines).toEqual([]);
    expect(bars.map(({ y, height }) => y + height)).toEqual([44, 44]);
    expect(bars[0]).toMatchObject({ isBefore: true, x: 16, width: 68, y: 4 });
    expect(shapeOf(weeks(0, 0), null, "bars").bars.map(({ height }) => height)).toEqual([0, 0]);
  });
});
