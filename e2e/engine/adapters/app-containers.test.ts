import { afterAll, beforeAll, expect, it } from "vitest";
import { createMachine } from "../../../worker/node/usage/machine";
import type { SlotSpec } from "../../../worker/ports";
import { openTestEngine, type TestEngine } from "../../support/engine-fixture";

let engine: TestEngine;
let network = "";
beforeAll(async () => {
  engine = await openTestEngine();
  network = `${engine.homeId}-net`;
  await engine.ports.docker.createNetwork({ Name: network, Driver: "overlay", Attachable: true, Labels: { "dokploy.home": engine.homeId } } as never);
}, 120_000);
afterAll(() => engine.close(), 60_000);

const WRITES = `require("node:fs").writeFileSync("/data/kept", Buffer.alloc(2 * 1024 * 1024, 7)); setInterval(() => {}, 1000);`;

it("knows which containers of applications run, by the engine's events, where their counters are, and what they hold on disk", async () => {
  const { containers, slots, docker, volumes } = engine.ports;
  const volume = `${engine.homeId}-data`;
  const slot: SlotSpec = {
    name: `${engine.homeId}-a`,
    image: (await docker.getImage("node:20-slim").inspect()).Id,
    network,
    labels: { "dokploy.app": "x" },
    env: {},
    replicas: 2,
    command: ["node", "-e", WRITES],
    stopGraceS: 1,
    limits: {},
    reservations: {},
    mounts: [{ volume, path: "/data" }],
    files: [],
    epoch: 1,
  };
  const followed = containers.follow();
  try {
    expect(followed.present()).toEqual([]);
    await slots.ensure(slot);
    await slots.untilRunning({ name: slot.name, replicas: 2, timeoutMs: 60_000, signal: AbortSignal.timeout(60_000) });
    await expect.poll(() => followed.present().map((one) => one.app), { timeout: 20_000 }).toEqual(["x", "x"]);

    const machine = createMachine({ dataRoot: await containers.dataRoot() });
    for (const one of followed.present()) {
      expect(machine.container(one)?.memoryBytes).toBeGreaterThan(1024 * 1024);
      expect(machine.container(one)?.cpuMicros).toBeGreaterThan(1000);
      expect(Math.abs(one.startedAt / 1000 - Date.now())).toBeLessThan(60_000);
    }
    // who begins to look later finds them too
    const late = containers.follow();
    await expect.poll(() => late.present().length, { timeout: 20_000 }).toBe(2);
    await late.close();

    expect(await containers.disk()).toMatchObject([{ app: "x", volumeBytes: expect.any(Number) }]);
    expect((await containers.disk())[0]?.volumeBytes).toBeGreaterThanOrEqual(2 * 1024 * 1024);

    await slots.remove(slot.name, 1);
    await expect.poll(() => followed.present(), { timeout: 20_000 }).toEqual([]);
  } finally {
    await followed.close();
    await volumes.removeAll({ appId: "x", signal: AbortSignal.timeout(60_000) });
  }
});
