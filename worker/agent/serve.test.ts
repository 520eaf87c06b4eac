import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AgentAuthority, createAuthority, newAuthority, signed } from "../engine/agents/authority";
import { type AgentKeys, agentName, workerName } from "./agent-name";
import { type Agent, serveAgent } from "./serve";

const HOME = "home-a";
const DAY_MS = 86_400_000;
const now = new Date();
const days = (count: number) => new Date(now.getTime() + count * DAY_MS);
const always = { notBefore: days(-2), notAfter: days(2) };
const containerOf = { ours: "a".repeat(64), other: "b".repeat(64) };

let keys: AgentAuthority;
let agent: Agent;
let engine: http.Server;
const socketPath = path.join(tmpdir(), `dokploy-agent-${randomUUID()}.sock`);
/** What reached the engine behind the agent. */
let asked: string[] = [];

beforeAll(async () => {
  keys = await createAuthority(HOME, now);
  engine = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const labels = { "dokploy.home": request.url?.includes(containerOf.other) ? "home-b" : HOME };
    response.end(JSON.stringify({ Config: { Labels: labels }, Swarm: { NodeID: "node-1" } }));
  });
  await new Promise<void>((resolve) => engine.listen(socketPath, resolve));
  const own: AgentKeys = { authority: keys.authority, ...keys.agent };
  agent = await serveAgent({ home: HOME, registry: "10.0.0.1:5000", version: "v1", port: 0, keys: own, socketPath, log: () => {} });
});
afterAll(async () => {
  await agent.close();
  engine.close();
  await rm(socketPath, { force: true });
});

type Certificate = { certificate: string; key: string } | null;

/** One request as it is written, over TLS, with whatever certificate: the status, or why there was none. */
function send(held: Certificate, line: string, more = "", trusted = keys.authority, maxVersion?: "TLSv1.2"): Promise<number | string> {
  return new Promise((resolve) => {
    const mine = held ? { cert: held.certificate, key: held.key } : {};
    const socket = connect({ host: "127.0.0.1", port: agent.port, ca: trusted, servername: agentName(HOME), ...mine, ...(maxVersion ? { maxVersion } : {}) });
    let text = "";
    socket.on("secureConnect", () => socket.write(`${line} HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n${more}\r\n`));
    socket.on("data", (part) => {
      text += part.toString();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on("close", () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0) || "closed"));
  });
}

test("a worker of this installation is let in, and told of the node", async () => {
  expect(await send(keys.worker, "GET /agent")).toBe(200);
});

test("whoever has no certificate, a forged, foreign, expired or early one, or an agent's own, gets no answer at all", async () => {
  asked = [];
  const stranger = await newAuthority(HOME, now);
  const home = { home: HOME, authorityKey: keys.authorityKey };
  const forged: Record<string, Certificate> = {
    none: null,
    "another authority of the same name": await signed({ home: HOME, ...stranger }, { name: workerName(HOME), use: "client", ...always }),
    "another installation's": (await createAuthority("home-b", now)).worker,
    "self-signed": { certificate: stranger.authority, key: stranger.authorityKey },
    expired: await signed(home, { name: workerName(HOME), use: "client", notBefore: days(-9), notAfter: days(-1) }),
    "not yet valid": await signed(home, { name: workerName(HOME), use: "client", notBefore: days(1), notAfter: days(9) }),
    "an agent's own": keys.agent,
    "signed by an agent": await signed({ home: HOME, authorityKey: keys.agent.key }, { name: workerName(HOME), use: "client", ...always }),
  };
  const answers = Object.fromEntries(await Promise.all(Object.entries(forged).map(async ([name, held]) => [name, await send(held, "GET /images/json")])));
  for (const [name, answer] of Object.entries(answers)) expect(`${name}: ${answer}`).toMatch(/: (ERR_SSL\w+|ECONNRESET|closed)$/);
  expect(asked).toEqual([]);
});

test("a certificate of the authority under another name is refused, and so is an old protocol", async () => {
  const named = await signed({ home: HOME, authorityKey: keys.authorityKey }, { name: "somebody.home-a.dokploy", use: "client", ...always });
  expect(await send(named, "GET /agent")).toBe(403);
  expect(await send(keys.worker, "GET /agent", "", keys.authority, "TLSv1.2")).toMatch(/ERR_SSL|ECONNRESET/);
});

test("an agent that another authority vouches for is not spoken to", async () => {
  const other = await newAuthority(HOME, now);
  expect(await send(keys.worker, "GET /agent", "", other.authority)).toMatch(/SIGNATURE|VERIFY/);
});

const app = randomUUID();
const deployment = randomUUID();
const id = `sha256:${"0".repeat(64)}`;
const build = (change: Record<string, string> = {}) =>
  `POST /build?${new URLSearchParams({
    version: "2",
    remote: "client-session",
    session: randomUUID(),
    buildid: `${deployment}-1`,
    t: `dokploy/${app}:${deployment}`,
    labels: JSON.stringify({ "dokploy.home": HOME }),
    ...change,
  })}`;

test("what builds, carries and cleans up goes on to the engine", async () => {
  const allowed = [
    build(),
    `POST /build/cancel?id=${deployment}-1`,
    "POST /build/prune?all=true&keep-storage=1024",
    "GET /images/json",
    `GET /images/${id}/json`,
    `POST /images/${id}/tag?repo=10.0.0.1%3A5000%2F${app}&tag=${deployment}`,
    `POST /images/10.0.0.1:5000/${app}/push?tag=${deployment}`,
    `DELETE /images/dokploy/${app}:${deployment}?force=false`,
    `DELETE /images/10.0.0.1:5000/${app}@${id}`,
    `GET /containers/${containerOf.ours}/logs?follow=1&stdout=1&stderr=1&timestamps=1&since=12.000001000`,
  ];
  for (const line of allowed) expect(`${line}: ${await send(keys.worker, line)}`).toBe(`${line}: 200`);
});

test("everything else is refused, whoever asks, and however the path is written", async () => {
  asked = [];
  const forbidden = [
    "POST /containers/create",
    "POST /v1.41/containers/create",
    `POST /containers/${containerOf.ours}/exec`,
    `POST /containers/${containerOf.ours}/attach`,
    `GET /containers/${containerOf.ours}/json`,
    `DELETE /containers/${containerOf.ours}`,
    "GET /containers/json",
    "GET /secrets",
    "GET /swarm",
    "GET /info",
    "POST /swarm/leave?force=1",
    "POST /images/load",
    "POST /images/create?fromImage=evil",
    "POST /commit",
    "POST /volumes/create",
    "GET //images/json",
    "GET /./images/json",
    "GET /x/../images/json",
    "GET /%69mages/json",
    "GET /images/%2e%2e/json",
    "GET /images/..%2fcontainers%2fjson/json",
    `GET /images/${id}%2f..%2f..%2fcontainers/json`,
    `GET /images/${id}/../../containers/json`,
    `GET /images/${id}/json?x=1`,
    "GET /images/json#/../containers/json",
    "GET http://docker/containers/json",
    "POST /images/json",
    "PUT /build",
    "POST /build",
    build({ remote: "http://evil.example/context.tar" }),
    build({ networkmode: "host" }),
    build({ cgroupparent: "/" }),
    build({ t: "dokploy-agent:latest" }),
    build({ labels: JSON.stringify({ "dokploy.home": "home-b" }) }),
    `${build()}&t=${encodeURIComponent("alpine:latest")}`,
    `POST /images/${id}/tag?repo=alpine&tag=latest`,
    `POST /images/evil.example/${app}/push?tag=${deployment}`,
    `POST /images/10.0.0.1:5000/${app}/../alpine/push?tag=${deployment}`,
    "DELETE /images/alpine:latest",
    `DELETE /images/${id}?force=1`,
    `POST /build/prune?filters=${encodeURIComponent('{"id":["x"]}')}`,
    "CONNECT /var/run/docker.sock",
  ];
  for (const line of forbidden) expect(`${line}: ${await send(keys.worker, line)}`).toMatch(/: (403|400|closed)$/);
  expect(asked).toEqual([]);
});

test("what is another installation's on the same engine is refused, and lists hold only our own", async () => {
  asked = [];
  expect(await send(keys.worker, `GET /containers/${containerOf.other}/logs?stdout=1`)).toBe(403);
  expect(await send(keys.worker, `GET /images/json?filters=${encodeURIComponent("{}")}`)).toBe(200);
  const filters = encodeURIComponent(JSON.stringify({ label: [`dokploy.home=${HOME}`] }));
  expect(asked).toEqual([`GET /containers/${containerOf.other}/json`, `GET /images/json?filters=${filters}`]);
});

test("a connection is turned round for a build's session only", async () => {
  asked = [];
  const upgrade = "Connection: Upgrade\r\nUpgrade: h2c\r\n";
  for (const line of [`POST /containers/${containerOf.ours}/attach`, `POST /exec/${"c".repeat(64)}/start`, "POST /grpc", "GET /session", "GET /images/json"])
    expect(`${line}: ${await send(keys.worker, line, upgrade)}`).toBe(`${line}: 403`);
  expect(await send(keys.worker, "POST /session", "Connection: Upgrade\r\nUpgrade: tcp\r\n")).toBe(403);
  expect(asked).toEqual([]);
});
