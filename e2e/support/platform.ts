import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { type Client, createClient } from "../../cli/client";

export type Up = {
  dashboard: string;
  edge: string;
  token: string;
  admin: { email: string; password: string };
  demo: { app: string; url: string; deployment: string; repository: string } | null;
  pids: { web: number; worker: number };
  dockerHost: string;
};
export type Platform = {
  up: Up;
  client: Client;
  api(place: string, init?: RequestInit): Promise<Response>;
  cli(args: string[], options?: { stdin?: string; env?: Record<string, string> }): Promise<CliResult>;
};
export type CliResult = { status: number; stdout: string; stderr: string };

function upOfTest(): Up {
  const file = process.env.DOKPLOY_TEST_UP;
  if (!file) throw new Error("DOKPLOY_TEST_UP is missing: run this level with bin/test.");
  return JSON.parse(readFileSync(file, "utf8")) as Up;
}

/** A running platform, seen from outside only: the one that bin/test started for this level, or the one that is named. */
export function openPlatform(up: Up = upOfTest()): Platform {
  return {
    up,
    client: createClient({ url: up.dashboard, token: up.token }),
    api: (place, init = {}) => fetch(`${up.dashboard}${place}`, { ...init, headers: { authorization: `Bearer ${up.token}`, ...init.headers } }),
    cli: (args, options = {}) => runCli(up, args, options),
  };
}

function runCli(up: Up, args: string[], { stdin = "", env = {} }: { stdin?: string; env?: Record<string, string> }): Promise<CliResult> {
  return new Promise((resolve) => {
    const environment = { PATH: process.env.PATH ?? "", HOME: "/nonexistent", DOKPLOY_URL: up.dashboard, DOKPLOY_TOKEN: up.token, ...env };
    const child = execFile(
      path.resolve("bin/dokploy"),
      args,
      { env: environment as unknown as NodeJS.ProcessEnv, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ status: error ? (typeof error.code === "number" ? error.code : 1) : 0, stdout, stderr });
      },
    );
    child.stdin?.end(stdin);
  });
}

export type Answer = { status: number; body: string };

/** One request to the edge, as a user would send it: new connection, the application's Host. @param options.edge its address, this machine's unless given */
export function ask(url: string, options: { headers?: Record<string, string>; agent?: http.Agent; timeoutMs?: number; edge?: string } = {}): Promise<Answer> {
  const { timeoutMs = 15_000 } = options;
  const target = new URL(url);
  return new Promise((resolve, reject) => {
    const request = http.get(
      {
        host: options.edge ?? "127.0.0.1",
        port: target.port || 80,
        path: `${target.pathname}${target.search}`,
        headers: { host: target.host, ...options.headers },
        agent: options.agent ?? false,
        timeout: timeoutMs,
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString() }));
        answer.on("error", reject);
      },
    );
    request.on("timeout", () => request.destroy(new Error(`no answer in ${timeoutMs / 1000} s`)));
    request.on("error", reject);
  });
}

export type Load = { stop(): Promise<{ sent: number; failures: string[]; bodies: Map<string, number> }> };

type LoadOptions = { keep?: (answer: Answer) => string; seconds?: number; agent?: http.Agent; edge?: string };

/**
 * Steady requests to one address until stopped, at most for `seconds` (120); every answer is counted, every failure kept with its reason.
 * Each is on a connection of its own, or on those of `agent`.
 */
export function startLoad(
  url: string,
  perSecond: number,
  { keep = (answer) => answer.body.slice(0, 200), seconds = 120, agent, edge }: LoadOptions = {},
): Load {
  const failures: string[] = [];
  const bodies = new Map<string, number>();
  const open = new Set<Promise<void>>();
  let sent = 0;
  const send = () => {
    sent += 1;
    const done: Promise<void> = ask(url, { ...(agent ? { agent } : {}), ...(edge ? { edge } : {}) })
      .then((answer) => {
        if (answer.status >= 200 && answer.status < 300) bodies.set(keep(answer), (bodies.get(keep(answer)) ?? 0) + 1);
        else failures.push(`status ${answer.status}`);
      })
      .catch((error: Error) => void failures.push(error.message))
      .finally(() => open.delete(done));
    open.add(done);
  };
  const timer = setInterval(send, 1000 / perSecond);
  const limit = setTimeout(() => clearInterval(timer), seconds * 1000);
  return {
    async stop() {
      clearInterval(timer);
      clearTimeout(limit);
      await Promise.all(open);
      return { sent, failures, bodies };
    },
  };
}

/** A GitHub-shaped push, signed as GitHub signs. */
export function sendPush(
  app: { url: string; secret: string },
  push: { branch: string; sha: string; message?: string; event?: string; delivery?: string; tamper?: boolean },
): Promise<Response> {
  const body = JSON.stringify({
    ref: `refs/heads/${push.branch}`,
    before: "0".repeat(40),
    after: push.sha,
    commits: [],
    head_commit: { id: push.sha, message: push.message ?? "A change" },
    repository: { pushed_at: Math.floor(Date.now() / 1000) },
  });
  const signature = createHmac("sha256", app.secret).update(body).digest("hex");
  return fetch(app.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": push.event ?? "push",
      "x-github-delivery": push.delivery ?? crypto.randomUUID(),
      "x-hub-signature-256": `sha256=${push.tamper ? "0".repeat(64) : signature}`,
    },
    body,
  });
}

const FINAL = new Set(["succeeded", "failed", "cancelled", "superseded"]);

/** The deployment once it has ended, told by its log's event stream. */
export async function untilEnded(platform: Pick<Platform, "api" | "client">, id: string) {
  for (let attempt = 0; attempt < 60; attempt++) {
    const stream = await platform.api(`/api/v1/deployments/${id}/logs`, { headers: { accept: "text/event-stream" } });
    for await (const part of stream.body as unknown as AsyncIterable<Uint8Array>) if (Buffer.from(part).includes("event: end")) break;
    const deployment = await platform.client.deployments.read.query({ deployment: id });
    if (FINAL.has(deployment.status)) return deployment;
  }
  throw new Error(`Deployment ${id} has not ended.`);
}

/** Deletes a project with its applications; where they need longer than one request may take, it is asked again, as the answer says. */
export async function deleteProject({ client }: Platform, project: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.projects.delete.mutate({ project });
      return;
    } catch (error) {
      if (attempt === 4 || !String(error).includes("still under way")) throw error;
    }
  }
}
