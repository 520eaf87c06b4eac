import fc from "fast-check";
import { expect, test } from "vitest";
import { classify } from "./classify";
import type { CommitFact, DeploymentFact } from "./facts";

const HOUR = 3_600_000_000;
const commit = (n: number, parents: number[]): CommitFact => ({
  appId: "a",
  sha: `c${n}`,
  parents: parents.map((parent) => `c${parent}`),
  authoredAt: n,
  pushedAt: null,
  merge: parents.length > 1,
});
const deployment = (n: number, sha: number): DeploymentFact => ({
  id: `d${n}`,
  appId: "a",
  environmentId: "e",
  kind: "promote",
  outcome: "succeeded",
  createdAt: n * HOUR,
  liveAt: n * HOUR,
  finishedAt: n * HOUR,
  sha: `c${sha}`,
  commits: null,
  restores: null,
  remediates: null,
  mark: null,
  failed: false,
  failedReason: null,
});
const reachable = (graph: number[][], from: number): Set<number> => {
  const found = new Set<number>();
  for (const queue = [from]; queue.length > 0; ) {
    const next = queue.pop() as number;
    if (found.has(next)) continue;
    found.add(next);
    queue.push(...(graph[next] ?? []));
  }
  return found;
};
/** Each commit's parents come before it: one line, side lines, merges. */
const graphs = fc
  .array(fc.array(fc.nat(), { maxLength: 2 }), { minLength: 1, maxLength: 30 })
  .map((list) => list.map((picks, n) => [...new Set(picks.filter(() => n > 0).map((pick) => (n < 3 ? n - 1 : Math.max(0, n - 1 - (pick % 3)))))]));

test("a commit set is git log before..after, whatever the graph and in whatever order commits went live", () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), (graph, picks) => {
      const heads = picks.map((pick) => pick % graph.length);
      const commits = graph.map((parents, n) => commit(n, parents));
      const live = classify({ deployments: heads.map((sha, n) => deployment(n + 1, sha)), commits, incidents: [] }, Number.MAX_SAFE_INTEGER);
      for (const [at, one] of live.entries()) {
        const before = at === 0 ? new Set<number>() : reachable(graph, heads[at - 1] ?? 0);
        const wanted = [...reachable(graph, heads[at] ?? 0)].filter((sha) => !before.has(sha)).map((sha) => `c${sha}`);
        expect([...one.set].sort()).toEqual(wanted.sort());
      }
    }),
    { numRuns: 500 },
  );
});

test("a long past is walked through once: 4,000 deployments of a line of 20,000 commits", () => {
  const graph = Array.from({ length: 20_000 }, (_, n) => (n === 0 ? [] : [n - 1]));
  const deployments = Array.from({ length: 4_000 }, (_, n) => deployment(n + 1, n * 5 + 4));
  const live = classify({ deployments, commits: graph.map((parents, n) => commit(n, parents)), incidents: [] }, Number.MAX_SAFE_INTEGER);
  expect(live.every((one) => one.set.length === 5)).toBe(true);
});
