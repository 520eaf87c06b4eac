import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEPLOYMENT_EVENTS, statusAfter, TRANSITIONS } from "./machine";
import { type DeploymentStatus, isFinal } from "./schema";

const events = fc.array(fc.constantFrom(...DEPLOYMENT_EVENTS), { maxLength: 40 });
const path = (list: readonly (typeof DEPLOYMENT_EVENTS)[number][]): DeploymentStatus[] =>
  list.reduce<DeploymentStatus[]>((seen, event) => [...seen, statusAfter(seen.at(-1) ?? "queued", event)], ["queued"]);

describe("a deployment's statuses, whatever happens in whatever order", () => {
  test("what has ended stays as it ended", () => {
    fc.assert(
      fc.property(events, (list) => {
        const seen = path(list);
        const end = seen.findIndex(isFinal);
        expect(new Set(end === -1 ? [] : seen.slice(end)).size).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("it never waits again once it ran, and succeeds or fails only after running", () => {
    fc.assert(
      fc.property(events, (list) => {
        const seen = path(list);
        const ran = seen.indexOf("running");
        if (ran !== -1) expect(seen.slice(ran)).not.toContain("queued");
        for (const status of ["succeeded", "failed"] as const) if (seen.includes(status)) expect(ran).toBeGreaterThan(-1);
      }),
    );
  });

  test("from each status that is not final an end can be reached, and each end from the queue", () => {
    const reach = (from: DeploymentStatus): Set<DeploymentStatus> => {
      const found = new Set<DeploymentStatus>([from]);
      for (const status of found) for (const next of Object.values(TRANSITIONS[status])) found.add(next);
      return found;
    };
    expect([...reach("queued")].sort()).toEqual(Object.keys(TRANSITIONS).sort());
    expect([...reach("running")].some(isFinal)).toBe(true);
  });
});
