import { expect, test } from "vitest";
import { unplaced } from "./task-watch";

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
