import { expect, test } from "vitest";
import { placeFlags } from "./flags";

const WORDS = 0.16;
const span = (at: number, side: "l" | "r") => (side === "l" ? [at - WORDS, at] : [at, at + WORDS]) as [number, number];

test("live after the prediction: one to the right, the other to the left", () => {
  expect(placeFlags(0.8, 0.7)).toEqual({ said: "r", predicted: "l" });
});

test("words never meet and never leave the figure", () => {
  for (let said = 0; said <= 1; said += 0.01) {
    for (let predicted = 0; predicted <= 1; predicted += 0.01) {
      const places = placeFlags(said, predicted);
      const [a, b] = span(said, places.said);
      expect(a).toBeGreaterThanOrEqual(-1e-9);
      expect(b).toBeLessThanOrEqual(1 + 1e-9);
      if (places.predicted === null) continue;
      const [c, d] = span(predicted, places.predicted);
      expect(c).toBeGreaterThanOrEqual(-1e-9);
      expect(d).toBeLessThanOrEqual(1 + 1e-9);
      expect(d <= a + 1e-9 || c >= b - 1e-9).toBe(true);
    }
  }
});
