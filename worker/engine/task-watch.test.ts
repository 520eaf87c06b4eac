import { expect, test } from "vitest";
import { mayComeBack, unplaced } from "./task-watch";

test("nodes that are away are waited for longer than room that is not there", () => {
  const away = unplaced("no suitable node (3 nodes not available for new tasks)");
  const full = unplaced("no suitable node (insufficient resources on 1 node)");
  const both = unplaced("no suitable node (1 node not available for new tasks; insufficient resources on 2 nodes)");
  const ruled = unplaced("no suitable node (scheduling constraints not satisfied on 1 node)");
  expect(away?.error.explanation.what).toBe("No node takes new tasks");
  for (const one of [full, both, ruled]) {
    expect(one?.error.explanation.what).toBe("No node has room for the application");
    expect(one?.graceMs).toBeLessThan(away?.graceMs ?? 0);
  }
  expect(unplaced("no suitable node")?.error.code).toBe("no_capacity");
  expect(unplaced("task: non-zero exit (1)")).toBeNull();
  expect(unplaced("")).toBeNull();
});

test("a node that went away a moment ago may be back; one that is drained, or away for long, is not waited for", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  const node = (state: "unknown" | "down" | "ready", availability: "active" | "drain", ago: number) => ({
    UpdatedAt: new Date(now - ago * 1000).toISOString(),
    Spec: { Role: "worker" as const, Availability: availability },
    Status: { State: state },
  });
  expect([node("unknown", "active", 2), node("down", "active", 20)].map((one) => mayComeBack(one, now))).toEqual([true, true]);
  const others = [node("ready", "active", 2), node("down", "drain", 2), node("down", "active", 3600)];
  expect(others.map((one) => mayComeBack(one, now))).toEqual([false, false, false]);
  const waiting = ["1 node not available for new tasks", "1 node not available for new tasks; insufficient resources on 2 nodes", "no room"];
  expect(waiting.map((why) => unplaced(`no suitable node (${why})`)?.areSomeAway)).toEqual([true, true, false]);
});
