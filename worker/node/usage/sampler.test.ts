import fc from "fast-check";
import { expect, test } from "vitest";
import type { AppContainer } from "../../ports";
import type { Counters, Machine, NodeCounters } from "./machine";
import { createSampler, gained } from "./sampler";

const SECOND = 1_000_000;
const counters = (cpuMicros: number, more: Partial<Counters> = {}): Counters => ({
  cpuMicros,
  memoryBytes: 50,
  readBytes: 0,
  writtenBytes: 0,
  receivedBytes: 0,
  sentBytes: 0,
  ...more,
});

/** A machine whose counters a test sets, and a clock that it moves. */
function fixture() {
  const state = { at: 100 * SECOND, node: counters(0), containers: new Map<string, { container: AppContainer; counters: Counters }>() };
  const machine: Machine = {
    container: ({ id }) => state.containers.get(id)?.counters ?? null,
    node: async (): Promise<NodeCounters> => ({ ...state.node, cores: 2, memoryTotal: 1000, diskUsed: 1, diskTotal: 2, load: 0.5 }),
    keepOnly: () => {},
  };
  const present = () => [...state.containers.values()].map(({ container }) => container);
  const sampler = createSampler(machine, present, { elapsed: () => state.at, now: () => state.at });
  const put = (id: string, now: Counters, startedAt = 0, pid = 1) =>
    state.containers.set(id, { container: { id, app: `app-${id}`, pid, startedAt }, counters: now });
  const after = (seconds: number) => {
    state.at += seconds * SECOND;
    return sampler.sample();
  };
  return { state, sampler, put, after };
}

test("the first look has nothing to compare with; the second says what was used between the two", async () => {
  const { state, put, after } = fixture();
  put("a", counters(7 * SECOND, { receivedBytes: 100 }));
  expect(await after(10)).toBeNull();
  put("a", counters(12 * SECOND, { receivedBytes: 350, memoryBytes: 80 }));
  state.node = counters(15 * SECOND, { memoryBytes: 400 });
  expect(await after(10)).toMatchObject({
    node: { micros: 10 * SECOND, cpuMicros: 15 * SECOND, memoryBytes: 400, cores: 2 },
    containers: [{ app: "app-a", container: "a", micros: 10 * SECOND, cpuMicros: 5 * SECOND, receivedBytes: 250, memoryBytes: 80 }],
  });
});

test("a container that began since the last look counts whole, one that was only not seen before counts from here on", async () => {
  const { state, put, after } = fixture();
  await after(10);
  put("young", counters(3 * SECOND), state.at + 4 * SECOND);
  put("old", counters(900 * SECOND), 0);
  const used = await after(10);
  expect(used?.containers.map(({ app, cpuMicros }) => [app, cpuMicros])).toEqual([
    ["app-young", 3 * SECOND],
    ["app-old", 0],
  ]);
});

test("a container that is started again counts from 0, also where its new counters have passed the old ones", async () => {
  const { state, put, after } = fixture();
  put("a", counters(5 * SECOND, { sentBytes: 10 }), 0, 1);
  await after(10);
  put("a", counters(6 * SECOND, { sentBytes: 500 }), state.at + SECOND, 2);
  expect((await after(10))?.containers).toMatchObject([{ cpuMicros: 6 * SECOND, sentBytes: 500 }]);
});

test("a container that ended is in no look any more", async () => {
  const { state, put, after } = fixture();
  put("a", counters(1));
  await after(10);
  state.containers.clear();
  expect((await after(10))?.containers).toEqual([]);
});

test("what was used while nobody looked belongs to no ten seconds", async () => {
  const { put, after } = fixture();
  put("a", counters(1));
  await after(10);
  put("a", counters(500 * SECOND));
  expect(await after(600)).toBeNull();
  put("a", counters(501 * SECOND));
  expect((await after(10))?.containers).toMatchObject([{ cpuMicros: SECOND }]);
  expect(await after(0.2)).toBeNull();
});

test("whatever counters do, nothing is ever negative or more than the counter shows", () => {
  const one = fc.record({
    cpuMicros: fc.nat(),
    receivedBytes: fc.nat(),
    sentBytes: fc.nat(),
    readBytes: fc.nat(),
    writtenBytes: fc.nat(),
  });
  fc.assert(
    fc.property(one, one, (now, before) => {
      for (const [key, value] of Object.entries(gained(now, before))) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(now[key as keyof typeof now]);
      }
    }),
  );
});
