import http from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerOf, type Faults, openFaults } from "../support/faults";
import { SERVER } from "../support/git-repository";
import { ask, startLoad, untilEnded } from "../support/platform";
import { recordFact } from "../support/reliability";

/** Deployments of each strategy one after another: `bin/test faults --full` runs the long form. */
const COUNT = process.env.DOKPLOY_TEST_FULL === "1" ? 100 : 10;
const SECONDS_EACH = 30;
const CANARY = { steps: [{ weight: 50, holdS: 1 }], maxErrorPercent: 2, maxSlowdown: 100, minRequests: 1000 };
const STRATEGIES = {
  "blue-green": {},
  rolling: { strategy: "rolling", replicas: 2 },
  canary: { strategy: "canary", canary: CANARY },
} as const;

let faults: Faults;
beforeAll(async () => {
  faults = await openFaults();
});
afterAll(() => faults.close());

/** It needs three seconds before it listens. */
const slowToStart = (answer: string) =>
  SERVER(answer).replace("server.listen(", "setTimeout(() => server.listen(").replace('"0.0.0.0");', '"0.0.0.0"), 3000);');

test(
  `${COUNT} deployments one after another of each strategy: every request is answered, on new connections and on kept ones`,
  async () => {
    const one = async (strategy: keyof typeof STRATEGIES) => {
      const app = await faults.app(`row-${strategy}`, STRATEGIES[strategy]);
      const agent = new http.Agent({ keepAlive: true, maxSockets: 5 });
      const loads = [startLoad(app.url, 20, { seconds: COUNT * SECONDS_EACH }), startLoad(app.url, 20, { seconds: COUNT * SECONDS_EACH, agent })];
      const began = Date.now();
      const ends: string[] = [];
      for (let n = 1; n <= COUNT; n++) {
        app.repository.commit({ "server.js": slowToStart(`release ${n}`) });
        ends.push((await untilEnded(faults.platform, await faults.deploy(app))).status);
        expect(await answerOf(app)).toBe(`release ${n}`);
      }
      const results = await Promise.all(loads.map((load) => load.stop()));
      agent.destroy();
      const failures = results.flatMap((result) => result.failures);
      recordFact({
        group: "deployments one after another",
        case: `${COUNT} × ${strategy}, 3 s to start`,
        sent: results.reduce((sum, { sent }) => sum + sent, 0),
        failed: failures.length,
        toLeaseS: null,
        toEndS: (Date.now() - began) / 1000,
        end: `${ends.filter((end) => end === "succeeded").length} succeeded`,
      });
      expect(ends).toEqual(Array(COUNT).fill("succeeded"));
      expect(failures).toEqual([]);
    };
    await Promise.all([one("blue-green"), one("rolling"), one("canary")]);
  },
  COUNT * SECONDS_EACH * 1000 + 60_000,
);

/** `/slow` answers at once and ends after 20 s; an upgraded connection is told the release every second, 20 times, and closed. */
const LONG = (release: string) => `const http = require("node:http");
const server = http.createServer((q, r) => {
  if (q.url !== "/slow") return r.end(${JSON.stringify(release)});
  r.write("begun by ${release}, ");
  setTimeout(() => r.end("ended by ${release}"), 20000);
});
server.on("upgrade", (q, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n");
  let n = 0;
  const timer = setInterval(() => { socket.write("${release};"); if (++n === 20) { clearInterval(timer); socket.end(); } }, 1000);
  socket.on("error", () => clearInterval(timer));
});
server.listen(process.env.PORT, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
`;

/** What comes over an upgraded connection until the other side ends it. */
function openSocket(url: string): Promise<string> {
  const target = new URL(url);
  return new Promise((resolve, reject) => {
    const headers = { host: target.host, connection: "Upgrade", upgrade: "websocket" };
    const request = http.request({ host: "127.0.0.1", port: target.port, path: "/", headers });
    request.on("upgrade", (_answer, socket, head) => {
      let text = head.toString();
      socket.on("data", (part: Buffer) => {
        text += part.toString();
      });
      socket.on("error", reject);
      socket.on("close", () => resolve(text));
    });
    request.on("response", (answer) => reject(new Error(`status ${answer.statusCode} in place of an upgrade`)));
    request.on("error", reject);
    request.end();
  });
}

test("a response of 20 s and an open WebSocket end on the release that they began on", async () => {
  const app = await faults.app("long", { bakeS: 1, drainS: 30 });
  app.repository.commit({ "server.js": LONG("old") });
  expect((await untilEnded(faults.platform, await faults.deploy(app))).status).toBe("succeeded");
  expect(await answerOf(app)).toBe("old");

  app.repository.commit({ "server.js": LONG("new") });
  const began = Date.now();
  const long = Promise.all([ask(`${app.url}/slow`, { timeoutMs: 40_000 }), openSocket(app.url)]);
  const run = await untilEnded(faults.platform, await faults.deploy(app));
  expect(run.status).toBe("succeeded");
  expect(await answerOf(app)).toBe("new");
  const [response, socket] = await long;
  recordFact({
    group: "deployments one after another",
    case: "a response of 20 s and a WebSocket in flight",
    sent: 2,
    failed: Number(response.body !== "begun by old, ended by old") + Number(socket !== "old;".repeat(20)),
    toLeaseS: null,
    toEndS: (Date.now() - began) / 1000,
    end: run.status,
  });
  expect(response).toEqual({ status: 200, body: "begun by old, ended by old" });
  expect(socket).toBe("old;".repeat(20));
  expect(await faults.orphans()).toEqual([]);
});
