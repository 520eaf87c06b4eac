import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { placementSchema } from "../apps/schema";
import { meets, placementProblem } from "./placement";

const node = (labels: Record<string, string>, more: object = {}) => ({ state: "ready" as const, availability: "active" as const, labels, ...more });
const app = (placement: string[], maxReplicasPerNode: number | null = null, replicas = 1) => ({ name: "web", placement, maxReplicasPerNode, replicas });

describe("rules", () => {
  test.each([
    [{ disk: "ssd" }, "node.labels.disk==ssd", true],
    [{ disk: "SSD" }, "node.labels.disk==ssd", true],
    [{ disk: "hdd" }, "node.labels.disk==ssd", false],
    [{}, "node.labels.disk==ssd", false],
    [{}, "node.labels.disk!=ssd", true],
    [{ disk: "ssd" }, "node.labels.disk!=ssd", false],
    [{ "a.b-c": "x_1" }, "node.labels.a.b-c==x_1", true],
  ])("%o meets %s: %s", (labels, rule, expected) => {
    expect(meets(labels, rule)).toBe(expected);
  });

  test("nothing that is more than one plain rule gets through", () => {
    for (const rule of [
      "node.role==manager",
      "node.labels.a==b,node.labels.c==d",
      "node.labels.a==b\nnode.labels.c==d",
      "node.labels.a == b",
      "node.labels.==b",
      "node.labels.a==",
      "node.labels.a=b",
      "node.labels.a==.*",
      "node.labels.a=={{.Node}}",
      "engine.labels.a==b",
      `node.labels.a==${"b".repeat(64)}`,
    ])
      expect(placementSchema.safeParse([rule]).success, rule).toBe(false);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
        const parsed = placementSchema.safeParse([text]);
        if (parsed.success) expect(parsed.data[0]).toMatch(/^node\.labels\.[a-z][a-z0-9._-]*[!=]=[A-Za-z0-9._-]+$/);
      }),
    );
    expect(placementSchema.parse(["node.labels.disk==ssd", "node.labels.zone!=b"])).toHaveLength(2);
    expect(placementSchema.safeParse(["node.labels.a==b", "node.labels.a==b"]).success).toBe(false);
  });
});

describe("what cannot be placed", () => {
  test("says which rule no node meets, and how to make one meet it", () => {
    expect(placementProblem(app(["node.labels.disk==ssd", "node.labels.zone==a"]), [node({ zone: "a" }), node({})])).toEqual({
      what: "No node meets the placement rule node.labels.disk==ssd.",
      why: "None of the 2 nodes that take work has such labels.",
      fix: "Label a node (dokploy node label NODE disk=ssd), or change the rule in Settings.",
    });
  });
  test("says so when each rule is met, but by no node together", () => {
    expect(placementProblem(app(["node.labels.a==1", "node.labels.b==1"]), [node({ a: "1" }), node({ b: "1" })])?.what).toBe(
      "No node meets all of node.labels.a==1, node.labels.b==1.",
    );
  });
  test("nodes that are down or drained do not count", () => {
    const rules = ["node.labels.disk==ssd"];
    expect(placementProblem(app(rules), [node({ disk: "ssd" }, { availability: "drain" }), node({})])?.what).toContain("No node meets");
    expect(placementProblem(app(rules), [node({ disk: "ssd" }, { state: "down" }), node({})])?.what).toContain("No node meets");
    expect(placementProblem(app(rules), [node({ disk: "ssd" }), node({})])).toBeNull();
  });
  test("replicas beyond what the nodes may take", () => {
    expect(placementProblem(app([], 2, 5), [node({}), node({})])?.why).toBe("2 nodes meet its rules, each takes at most 2: room for 4.");
    expect(placementProblem(app([], 2, 4), [node({}), node({})])).toBeNull();
  });
  test("nothing is refused while no node is known", () => {
    expect(placementProblem(app(["node.labels.disk==ssd"]), [])).toBeNull();
  });
});
