import { afterAll, beforeAll, expect, it } from "vitest";
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

const name = (n: number) => `${engine.homeId}-file-${n}`;
const files = (...numbers: number[]) =>
  numbers.map((n) => ({ name: name(n), content: Buffer.from(`content ${n}`), labels: { "dokploy.app": n > 5 ? "y" : "x" } }));
const present = async (): Promise<string[]> => {
  const filters = JSON.stringify({ label: [`dokploy.home=${engine.homeId}`] });
  const found = (await engine.ports.docker.listConfigs({ filters: filters as never })) as { Spec?: { Name?: string } }[];
  return found.map((one) => one.Spec?.Name ?? "").sort();
};

it("puts each content there once, and removes what no service uses", async () => {
  const { configs, slots, docker } = engine.ports;
  await configs.ensure(files(1, 10));
  await configs.ensure(files(1, 2, 10));
  expect(await present()).toEqual([name(1), name(10), name(2)].sort());
  const image = (await docker.getImage("node:20-slim").inspect()).Id;
  const slot: SlotSpec = {
    name: `${engine.homeId}-a`,
    image,
    network,
    labels: { "dokploy.app": "x" },
    env: {},
    replicas: 0,
    stopGraceS: 1,
    limits: {},
    reservations: {},
    mounts: [],
    files: [{ config: name(1), path: "/etc/one", mode: 0o444, uid: 0, gid: 0 }],
    epoch: 1,
  };
  // the beginning of a name is no name: file-1 is not file-10
  await slots.ensure(slot);
  await expect(slots.ensure({ ...slot, files: [{ ...slot.files[0], config: name(3) } as SlotSpec["files"][number]] })).rejects.toMatchObject({
    kind: "temporary",
  });
  expect(await configs.removeUnused({ olderThanMs: 600_000 })).toBe(0);
  expect(await configs.removeUnused({ appId: "x", olderThanMs: 0 })).toBe(1);
  expect(await present()).toEqual([name(1), name(10)].sort());
  await slots.remove(slot.name, 1);
  expect(await configs.removeUnused({ olderThanMs: 0 })).toBe(2);
  expect(await present()).toEqual([]);
});
