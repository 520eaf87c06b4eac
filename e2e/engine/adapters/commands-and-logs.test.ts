import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContainerLine, OneOff, SlotSpec } from "../../../worker/ports";
import { openTestEngine, type TestEngine } from "../../support/engine-fixture";

let engine: TestEngine;
let image = "";
let network = "";
beforeAll(async () => {
  engine = await openTestEngine({ needsEdge: true });
  network = `${engine.homeId}-net`;
  image = (await engine.ports.docker.getImage("busybox:latest").inspect()).Id;
  await engine.ports.edgeControl.reconcile();
  await engine.ports.network.ensure({ name: network, labels: {} });
}, 120_000);
afterAll(() => engine.close(), 60_000);

const left = () => engine.ports.docker.listContainers({ all: true, filters: { label: [`dokploy.home=${engine.homeId}`, "dokploy.one-off"] } });

describe("a one-off command", () => {
  const run = (command: string[], more: Partial<Parameters<OneOff["run"]>[0]> = {}) =>
    engine.ports.oneOff.run({
      name: `${engine.homeId}-job`,
      image,
      command,
      network,
      env: { WORD: "well" },
      labels: {},
      limits: {},
      files: [],
      output: () => undefined,
      signal: new AbortController().signal,
      ...more,
    });

  it("streams its output, answers its exit code, and is gone", async () => {
    const lines: string[] = [];
    expect(await run(["sh", "-c", "echo $WORD; echo aside >&2; exit 4"], { output: (line) => lines.push(`${line.stream} ${line.text}`) })).toEqual({
      exitCode: 4,
      oom: false,
    });
    expect(lines.sort()).toEqual(["stderr aside", "stdout well"]);
    expect(await left()).toEqual([]);
  });

  it("has its files before it begins, with their mode and owner, also where no folder was", async () => {
    const lines: string[] = [];
    const files = [
      { path: "/etc/shop/a.yml", content: Buffer.from("greeting\n"), mode: 0o440, uid: 7, gid: 8 },
      { path: `/srv/${"long/".repeat(30)}b`, content: Buffer.alloc(2000, "x"), mode: 0o444, uid: 0, gid: 0 },
    ];
    const script = "cat /etc/shop/a.yml; stat -c '%a %u:%g' /etc/shop/a.yml; wc -c < $(find /srv -name b)";
    expect(await run(["sh", "-c", script], { files, output: (line) => lines.push(line.text) })).toMatchObject({ exitCode: 0 });
    expect(lines).toEqual(["greeting", "440 7:8", "2000"]);
  });

  it("says when it ran out of memory", async () => {
    expect(await run(["sh", "-c", "tail /dev/zero"], { limits: { memoryBytes: 16 * 1024 * 1024 } })).toMatchObject({ exitCode: 137, oom: true });
  });

  it("is killed on abort", async () => {
    const controller = new AbortController();
    const running = run(["sh", "-c", "echo begun; sleep 100"], { signal: controller.signal, output: () => controller.abort() });
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
    expect(await left()).toEqual([]);
  });

  it("says when the image is missing, and ends with 127 when the command is", async () => {
    await expect(run(["true"], { image: "none-of-this:1" })).rejects.toMatchObject({ code: "image_not_found" });
    expect((await run(["no-such-command"])).exitCode).toBe(127);
    expect(await left()).toEqual([]);
  });
});

describe("the logs of an application", () => {
  const spec = (slot: "a" | "b", script: string, more: Partial<SlotSpec> = {}): SlotSpec => ({
    name: `${engine.homeId}-${slot}`,
    image,
    network,
    labels: {},
    env: {},
    replicas: 1,
    command: ["sh", "-c", script],
    stopGraceS: 1,
    limits: {},
    reservations: {},
    mounts: [],
    files: [],
    epoch: 1,
    ...more,
  });
  const services = () => ({ a: `${engine.homeId}-a`, b: `${engine.homeId}-b` });
  function follow(since: number) {
    const controller = new AbortController();
    const lines: ContainerLine[] = [];
    let wake = () => {};
    const done = engine.ports.containerLogs.follow({
      services: services(),
      since,
      signal: controller.signal,
      onLines(batch) {
        lines.push(...batch);
        wake();
      },
    });
    const until = async (isThere: () => boolean) => {
      while (!isThere())
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    };
    return {
      lines,
      until,
      async stop() {
        controller.abort();
        await done;
      },
    };
  }

  it("come from every replica of both slots, across updates, and resume without gap or repetition", async () => {
    const { slots } = engine.ports;
    const first = follow(0);
    await slots.ensure(spec("a", "i=0; while :; do i=$((i+1)); echo line $i; echo side $i >&2; sleep 0.2; done", { replicas: 2 }));
    await first.until(() => new Set(first.lines.map(({ replica }) => replica)).size === 2 && first.lines.some(({ stream }) => stream === "stderr"));
    expect([...new Set(first.lines.map(({ replica }) => replica))].sort()).toEqual(["a.1", "a.2"]);
    await slots.ensure(spec("b", "echo from b; sleep 100"));
    await first.until(() => first.lines.some(({ replica, text }) => replica === "b.1" && text === "from b"));
    await slots.ensure(spec("b", "echo updated b; sleep 100", { epoch: 2 }));
    await first.until(() => first.lines.some(({ text }) => text === "updated b"));
    await first.stop();
    expect(first.lines.filter(({ text }) => text === "from b")).toHaveLength(1);

    const ofOne = (lines: ContainerLine[]) => lines.filter(({ replica, stream }) => replica === "a.1" && stream === "stdout");
    const last = ofOne(first.lines).at(-1);
    const second = follow(last?.at ?? 0);
    await second.until(() => ofOne(second.lines).length >= 3);
    await second.stop();
    const number = (text: string | undefined) => Number(text?.split(" ")[1]);
    expect(
      ofOne(second.lines)
        .slice(0, 3)
        .map(({ text }) => number(text)),
    ).toEqual([1, 2, 3].map((step) => number(last?.text) + step));
  }, 60_000);

  it("keep the last words of a task that ends", async () => {
    const logs = follow(Date.now() * 1000);
    await engine.ports.slots.ensure(spec("b", "echo farewell; exit 1", { epoch: 3 }));
    await logs.until(() => logs.lines.some(({ text }) => text === "farewell"));
    await logs.stop();
  }, 30_000);
});
