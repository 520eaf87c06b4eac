import http2 from "node:http2";
import { type AddressInfo, createServer, type Server } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { GrpcError, type Methods, readMessages, STATUS, serveGrpc } from "./grpc-frames";

const framed = (text: string | Buffer) => {
  const data = Buffer.from(text);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(data.length, 1);
  return Buffer.concat([prefix, data]);
};
async function* parts(...all: Buffer[]) {
  yield* all;
}
async function all(messages: AsyncIterable<Buffer>): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of messages) texts.push(message.toString());
  return texts;
}

const servers: Server[] = [];
const clients: http2.ClientHttp2Session[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A client of a server on a real socket, as the engine is one of ours. */
async function connect(methods: Partial<Methods>): Promise<http2.ClientHttp2Session> {
  const server = createServer((socket) => serveGrpc(http2.performServerHandshake(socket), { unary: {}, streaming: {}, ...methods }, () => undefined));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  clients.push(client);
  return client;
}
type Answer = { texts: string[]; status: unknown; message: unknown };
async function call(client: http2.ClientHttp2Session, path: string, ...requests: string[]): Promise<Answer> {
  const stream = client.request({ ":method": "POST", ":path": path });
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on("trailers", (headers) => {
    trailers = headers;
  });
  for (const request of requests) stream.write(framed(request));
  stream.end();
  return { texts: await all(readMessages(stream)), status: trailers["grpc-status"], message: trailers["grpc-message"] };
}

describe("the bytes of a call", () => {
  it("are the same messages however they are cut", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.string({ maxLength: 40 })), fc.integer({ min: 1, max: 17 }), async (texts, step) => {
        const whole = Buffer.concat(texts.map(framed));
        const cut = Array.from({ length: Math.ceil(whole.length / step) }, (_, index) => whole.subarray(index * step, (index + 1) * step));
        expect(await all(readMessages(parts(...cut)))).toEqual(texts);
      }),
    ));

  it("are refused when a message is too long, or ends early", async () => {
    const long = Buffer.alloc(5);
    long.writeUInt32BE(1 << 21, 1);
    await expect(all(readMessages(parts(long)))).rejects.toThrow("too long");
    await expect(all(readMessages(parts(framed("whole"), framed("half").subarray(0, 7))))).rejects.toThrow("within a message");
  });
});

describe("a method", () => {
  it("answers one message with one", async () => {
    const client = await connect({ unary: { "/a/Upper": (request) => Buffer.from(request.toString().toUpperCase()) } });
    expect(await call(client, "/a/Upper", "word")).toEqual({ texts: ["WORD"], status: "0", message: undefined });
  });

  it("tells why it failed, and that it is not there", async () => {
    const client = await connect({
      unary: {
        "/a/None": () => {
          throw new GrpcError(STATUS.notFound, "not here");
        },
      },
      streaming: {
        "/a/Half": async ({ send }) => {
          send(Buffer.from("one"));
          throw new Error("broke");
        },
      },
    });
    expect(await call(client, "/a/None", "x")).toEqual({ texts: [], status: "5", message: "not%20here" });
    expect(await call(client, "/a/Half", "x")).toEqual({ texts: ["one"], status: "13", message: "broke" });
    for (const path of ["/a/Other", "/toString"]) expect((await call(client, path, "x")).status).toBe("12");
  });

  it("answers while it is still asked, until it ends the call", async () => {
    const client = await connect({
      streaming: {
        "/a/Echo": async ({ messages, send }) => {
          for await (const message of messages) {
            if (message.toString() === "end") return;
            send(message);
          }
        },
      },
    });
    const stream = client.request({ ":method": "POST", ":path": "/a/Echo" });
    const texts: string[] = [];
    stream.write(framed("first"));
    for await (const message of readMessages(stream)) {
      texts.push(message.toString());
      stream.write(framed(texts.length === 3 ? "end" : `after ${texts.length}`));
    }
    expect(texts).toEqual(["first", "after 1", "after 2"]);
  });

  it("waits for a caller that does not read, and is told when the caller goes away", async () => {
    const part = Buffer.alloc(1 << 16);
    let sent = 0;
    let begin: (value: "waiting") => void = () => {};
    const waiting = new Promise<"waiting">((resolve) => {
      begin = resolve;
    });
    let end: (error: unknown) => void = () => {};
    const ended = new Promise<unknown>((resolve) => {
      end = resolve;
    });
    const client = await connect({
      streaming: {
        "/a/Pour": async ({ send }) => {
          try {
            for (; sent < 10_000; sent += 1) {
              const pressure = send(part);
              if (!pressure) continue;
              setTimeout(begin, 50, "waiting");
              await pressure;
            }
          } catch (error) {
            end(error);
          }
        },
      },
    });
    const stream = client.request({ ":method": "POST", ":path": "/a/Pour" });
    expect(await waiting).toBe("waiting");
    expect(sent).toBeLessThan(100);
    stream.on("error", () => undefined);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    expect(await ended).toMatchObject({ message: "the caller went away" });
  });
});
