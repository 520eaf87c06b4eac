import fc from "fast-check";
import { expect, test } from "vitest";
import type { WorkerContext } from "../context";
import { buildPlaces, buildSlots, choosePlace, engineOf } from "./build-place";

const place = (node: string, slots = 2) => ({ node, slots });
const busy = (counts: Record<string, number>) => new Map(Object.entries(counts));

test("where the application was built last goes first, while it has room", () => {
  const places = [place("own"), place("two"), place("three")];
  expect(choosePlace(places, busy({ two: 1 }), "two")?.node).toBe("two");
  expect(choosePlace(places, busy({ two: 2, own: 1 }), "two")?.node).toBe("three");
  expect(choosePlace(places, busy({}), "gone")?.node).toBe("own");
  expect(choosePlace(places, busy({ own: 1, three: 1 }), null)?.node).toBe("two");
  expect(choosePlace(places, busy({ own: 2, two: 2, three: 2 }), "own")).toBeNull();
});

test("a place is never beyond its slots, and one is found wherever there is room", () => {
  const one = fc.record({ node: fc.constantFrom("a", "b", "c", "d", "e"), slots: fc.integer({ min: 1, max: 4 }) });
  const counts = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), fc.integer({ min: 0, max: 5 }));
  fc.assert(
    fc.property(
      fc.uniqueArray(one, { selector: ({ node }) => node, minLength: 1 }),
      counts,
      fc.option(fc.constantFrom("a", "b", "z")),
      (places, taken, last) => {
        const found = choosePlace(places, busy(taken), last);
        const hasRoom = ({ node, slots }: { node: string; slots: number }) => (taken[node] ?? 0) < slots;
        expect(found !== null).toBe(places.some(hasRoom));
        if (found) expect(hasRoom(found)).toBe(true);
        if (found && places.some((each) => each.node === last && hasRoom(each))) expect(found.node).toBe(last);
      },
    ),
  );
});

type Machine = { id: string; labels?: Record<string, string>; availability?: string; state?: string; answers?: boolean };
function worker(machines: Machine[]) {
  const nodes = machines.map(({ id, labels = {}, availability = "active", state = "ready" }) => ({
    id,
    hostname: id,
    isOwn: id === "own",
    labels,
    availability,
    state,
  }));
  const ready = machines
    .filter(({ id, answers = true }) => id !== "own" && answers)
    .map(({ id }) => ({ node: id, name: id, engine: { of: id }, lost: new AbortController().signal }));
  return {
    env: { DOKPLOY_BUILD_SLOTS: 2 },
    ports: { of: "own" },
    nodes: { list: () => nodes, ownId: () => "own" },
    agents: { ready: () => ready, find: (node: string) => ready.find((one) => one.node === node) ?? null },
  } as unknown as WorkerContext;
}
const names = (machines: Machine[]) => buildPlaces(worker(machines)).map(({ name }) => name);
const builds = { "dokploy.build": "true" };

test("nodes build when it is their role, they take work and answer; the platform's own when nobody else does", () => {
  expect(names([{ id: "own" }, { id: "two" }])).toEqual(["own"]);
  expect(names([{ id: "own" }, { id: "two", labels: builds }])).toEqual(["own", "two"]);
  expect(
    names([
      { id: "own", labels: { "dokploy.build": "false" } },
      { id: "two", labels: builds },
    ]),
  ).toEqual(["two"]);
  const rest: Partial<Machine>[] = [{ answers: false }, { availability: "drain" }, { availability: "pause" }, { state: "down" }];
  for (const more of rest)
    expect(
      names([
        { id: "own", labels: { "dokploy.build": "false" } },
        { id: "two", labels: builds, ...more },
      ]),
    ).toEqual(["own"]);
  expect(buildSlots(worker([{ id: "own" }, { id: "two", labels: builds }, { id: "three", labels: builds }]))).toBe(6);
});

test("an engine is found by its node, and none for a node that does not answer", () => {
  const found = worker([{ id: "own" }, { id: "two" }, { id: "three", answers: false }]);
  expect([engineOf(found, null), engineOf(found, "own"), engineOf(found, "two"), engineOf(found, "three")]).toEqual([
    found.ports,
    found.ports,
    { of: "two" },
    null,
  ]);
});
