import { expect, test } from "vitest";
import { fanOf } from "./fan";

test("a part goes from its place in time to its column", () => {
  const fan = fanOf(
    [
      { from: 0, to: 25, look: "va" },
      { from: 25, to: 100, look: "wait" },
    ],
    100,
  );
  expect(fan.horizontal.polygons).toEqual([
    { look: "va", points: "0,0 250,0 500,40 0,40" },
    { look: "wait", points: "250,0 1000,0 1000,40 500,40" },
  ]);
  expect(fan.horizontal.path).toBe("M0,0L0,40M250,0L500,40M1000,0L1000,40");
});

test("a step that never ran keeps its column and draws nothing", () => {
  const fan = fanOf([{ from: 0, to: 50, look: "va" }, null, { from: 50, to: 60, look: "va" }], 100);
  expect(fan.horizontal.polygons).toHaveLength(2);
  expect(fan.horizontal.polygons[1]?.points).toBe("500,0 600,0 1000,40 667,40");
});

test("the phone's fan is the same turned by ninety degrees", () => {
  const fan = fanOf([{ from: 10, to: 20, look: "va" }], 100);
  expect(fan.vertical.polygons[0]?.points).toBe("0,100 0,200 40,1000 40,0");
});

test("what lies past the scale ends at its edge", () => {
  expect(fanOf([{ from: 90, to: 130, look: "va" }], 100).horizontal.polygons[0]?.points).toBe("900,0 1000,0 1000,40 0,40");
});
