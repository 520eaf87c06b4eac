import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { sendTree } from "./filesync";
import { fileTime, type SyncEntry } from "./filesync-messages";

const packet = protobuf
  .parse(
    `syntax = "proto3"; message S { string path = 1; uint32 mode = 2; uint32 uid = 3; uint32 gid = 4; int64 size = 5; int64 modTime = 6; string linkname = 7; }
     message P { int32 type = 1; S stat = 2; uint32 ID = 3; bytes data = 4; }`,
    { keepCase: true },
  )
  .root.lookupType("P");
const [STAT, REQUEST, DATA, END, ERROR] = [0, 1, 2, 3, 4];
type Packet = { type: number; stat?: { path: string; mode: number; size: string; modTime: string; linkname: string }; ID?: number; data?: Buffer };
const decode = (message: Uint8Array) => ({ type: STAT, ...packet.toObject(packet.decode(message), { longs: String, bytes: Buffer }) }) as Packet;
const encode = (value: object) => Buffer.from(packet.encode(packet.create(value)).finish());

const file = (path: string, bytes = 3): SyncEntry => ({ path, type: "file", mode: 0o644, bytes, target: "", time: fileTime(1_700_000_000_123_456_789n) });

/** The engine's side: it answers each packet that it gets with those that `reply` says. */
function engine(reply: (got: Packet, all: Packet[]) => object[], pressure: () => Promise<void> | null = () => null) {
  const got: Packet[] = [];
  const queue: (Buffer | null)[] = [];
  let wake: () => void = () => {};
  const push = (message: Buffer | null) => {
    queue.push(message);
    wake();
  };
  async function* messages() {
    for (;;) {
      const message = queue.shift();
      if (message === null) return;
      if (message) yield message;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  const send = (message: Uint8Array) => {
    const one = decode(message);
    got.push(one);
    for (const answer of reply(one, got)) push(encode(answer));
    return pressure();
  };
  return { got, push, call: { messages: messages(), send } };
}
const contentOf = (got: Packet[], id: number) =>
  Buffer.concat(got.filter((one) => one.type === DATA && (one.ID ?? 0) === id).map((one) => one.data ?? Buffer.alloc(0))).toString();

describe("the files that an engine is shown", () => {
  it("are all told of with whole times, sent when asked for, and ended when it has all", async () => {
    const entries: SyncEntry[] = [
      { path: "d", type: "directory", mode: 0o755, bytes: 0, target: "", time: fileTime(1n) },
      file("d/a"),
      { path: "l", type: "symlink", mode: 0o777, bytes: 0, target: "d/ä", time: fileTime(2n ** 40n) },
      file("z"),
    ];
    let ended = 0;
    const { got, call } = engine((one, all) => {
      if (one.type === STAT && !one.stat)
        return [
          { type: REQUEST, ID: 3 },
          { type: REQUEST, ID: 1 },
        ];
      if (one.type === DATA && !one.data?.length) ended += 1;
      return ended === 2 && !all.some(({ type }) => type === END) ? [{ type: END }] : [];
    });
    const sent = await sendTree(call, {
      entries,
      async *read({ path }) {
        yield Buffer.from(path);
        yield Buffer.from("!");
      },
    });
    expect(got.filter(({ type, stat }) => type === STAT && stat).map(({ stat }) => stat)).toMatchObject([
      { path: "d", mode: 2 ** 31 + 0o755 },
      { path: "d/a", mode: 0o644, size: "3", modTime: "1700000000123456789" },
      { path: "l", mode: 2 ** 27 + 0o777, size: "4", modTime: String(2n ** 40n), linkname: "d/ä" },
      { path: "z" },
    ]);
    expect([contentOf(got, 1), contentOf(got, 3)]).toEqual(["d/a!", "z!"]);
    expect(got.at(-1)?.type).toBe(END);
    expect(sent).toEqual({ files: 2, bytes: 6 });
  });

  it("are read a few at a time", async () => {
    const entries = Array.from({ length: 100 }, (_, n) => file(`f${String(n).padStart(3, "0")}`));
    let [open, most, ended] = [0, 0, 0];
    const { call } = engine((one) => {
      if (one.type === STAT && !one.stat) return entries.map((_, ID) => ({ type: REQUEST, ID }));
      if (one.type === DATA && !one.data?.length) ended += 1;
      return one.type === DATA && ended === 100 ? [{ type: END }] : [];
    });
    const sent = await sendTree(call, {
      entries,
      async *read() {
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setImmediate(resolve));
        yield Buffer.from("abc");
        open -= 1;
      },
    });
    expect(sent).toEqual({ files: 100, bytes: 300 });
    expect(most).toBe(8);
  });

  it("wait for an engine that has to catch up", async () => {
    const waits: (() => void)[] = [];
    const { got, call, push } = engine(
      () => [],
      () => new Promise<void>((resolve) => void waits.push(resolve)),
    );
    const sending = sendTree(call, { entries: [file("a"), file("b")], async *read() {} });
    await new Promise((resolve) => setImmediate(resolve));
    expect(got).toHaveLength(1);
    waits.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(got).toHaveLength(2);
    push(encode({ type: ERROR, data: Buffer.from("disk is full") }));
    await expect(sending).rejects.toThrow("the engine gave up: disk is full");
  });

  const nothing = { entries: [file("a")], async *read() {} };
  it.each([
    ["asks for what there is not", [{ type: REQUEST, ID: 7 }], "there is no file 7"],
    [
      "asks twice",
      [
        { type: REQUEST, ID: 0 },
        { type: REQUEST, ID: 0 },
      ],
      "there is no file 0, or it was sent",
    ],
    ["says what no engine says", [{ type: DATA, ID: 0 }], "no packet of type 2"],
  ])("are not sent to one that %s", async (_what, requests, message) => {
    const { call } = engine((one) => (one.type === STAT && !one.stat ? requests : []));
    await expect(sendTree(call, nothing)).rejects.toThrow(message);
  });

  it("are not done when the engine goes away, or one of them cannot be read", async () => {
    const away = engine(() => []);
    away.push(null);
    await expect(sendTree(away.call, nothing)).rejects.toThrow("went away");
    const { call } = engine((one) => (one.type === STAT && !one.stat ? [{ type: REQUEST, ID: 0 }] : []));
    const unreadable = {
      ...nothing,
      // biome-ignore lint/correctness/useYield: it fails before it has anything
      async *read(): AsyncGenerator<Uint8Array> {
        throw new Error("changed while it was read");
      },
    };
    await expect(sendTree(call, unreadable)).rejects.toThrow("changed while it was read");
  });
});
