import fc from "fast-check";
import { expect, test } from "vitest";
import { NotationError, readCanarySteps, readPlacement, readVolumes, writeCanarySteps, writePlacement, writeVolumes } from "./notation";

const volume = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/),
  path: fc.stringMatching(/^(\/[a-z0-9._-]{1,8}){1,3}$/),
  shared: fc.boolean(),
});

test("volumes and steps survive being written and read", () => {
  fc.assert(
    fc.property(fc.array(volume, { maxLength: 5 }), (volumes) => {
      expect(readVolumes(writeVolumes(volumes))).toEqual(volumes);
    }),
  );
  const step = fc.record({ weight: fc.integer({ min: 0, max: 999 }), holdS: fc.integer({ min: 0, max: 99_999 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 5 }), (steps) => {
      expect(readCanarySteps(writeCanarySteps(steps))).toEqual(steps);
    }),
  );
});

test("a placement rule may be written short", () => {
  expect(readPlacement("disk==ssd, node.labels.zone!=b,")).toEqual(["node.labels.disk==ssd", "node.labels.zone!=b"]);
  expect(readPlacement(writePlacement(["node.labels.a==b"]))).toEqual(["node.labels.a==b"]);
});

test("units may be written; anything else says how", () => {
  expect(readCanarySteps("5 %: 30 s, 50:0")).toEqual([
    { weight: 5, holdS: 30 },
    { weight: 50, holdS: 0 },
  ]);
  for (const text of ["data", "data:", ":/x", "data:/x:ro", "a:/b:shared:c"]) expect(() => readVolumes(text), text).toThrow(NotationError);
  for (const text of ["5", "5:", "x:30", "5:30:1", "-5:30"]) expect(() => readCanarySteps(text), text).toThrow(NotationError);
});
