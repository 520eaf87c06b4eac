/**
 * `npx tsx bench/pack.ts [files] [MB]`: how long a build takes whose context is large: the first, one after a file changed, and one after
 * nothing changed. Once by a plain tar (POST /build), once by ours. With it, how long this process's event loop was held up.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { openTestEngine } from "../e2e/support/engine-fixture";
import { parseDockerHost } from "../worker/engine/docker-client";
import { machine, run, table } from "./support";

const files = Number(process.argv[2] ?? 20_000);
const megabytes = Number(process.argv[3] ?? 300);
const A_FOLDER = 100;
const NS_A_MS = 1e6;

async function main(): Promise<void> {
  const engine = await openTestEngine();
  const scratch = mkdtempSync(path.join(tmpdir(), "bench-"));
  const rows: string[][] = [];

  async function repository(name: string): Promise<string> {
    const directory = path.join(scratch, name);
    const bytes = Math.round((megabytes * 1e6) / files);
    mkdirSync(directory);
    writeFileSync(path.join(directory, "Dockerfile"), "FROM busybox\nCOPY . /app\n");
    for (let n = 0; n < files; n += 1) {
      if (n % A_FOLDER === 0) mkdirSync(path.join(directory, `d${n / A_FOLDER}`));
      writeFileSync(path.join(directory, `d${Math.floor(n / A_FOLDER)}`, `f${n}.txt`), Buffer.alloc(bytes, `${engine.homeId} ${name} ${n} `));
    }
    await run("git", ["init", "-q"], { cwd: directory });
    return directory;
  }
  const blobsOf = async (directory: string) => {
    await run("git", ["add", "-A"], { cwd: directory });
    const tree = await run("git", ["write-tree"], { cwd: directory });
    return Buffer.from(await run("git", ["ls-tree", "-r", "-z", tree], { cwd: directory }));
  };

  const byTar = (directory: string, tag: string) =>
    new Promise<string>((resolve, reject) => {
      const query = new URLSearchParams({ version: "2", t: tag, labels: JSON.stringify({ "dokploy.home": engine.homeId }) });
      const request = http.request({
        ...parseDockerHost(engine.dockerHost),
        method: "POST",
        path: `/build?${query}`,
        headers: { "content-type": "application/x-tar" },
        agent: false,
      });
      request.on("error", reject);
      request.on("response", async (response) => {
        let answer = "";
        for await (const part of response) answer += part;
        if (answer.includes("moby.image.id")) resolve("");
        else reject(new Error(answer.slice(-500)));
      });
      spawn("tar", ["-c", "--owner=0", "--group=0", "--exclude=./.git", "."], { cwd: directory, stdio: ["ignore", "pipe", "inherit"] }).stdout.pipe(request);
    });
  const byOurs = async (directory: string, tag: string, blobs: Buffer) => {
    const { sent } = await engine.ports.builder.build({
      id: tag,
      directory,
      contextKey: "bench",
      blobs,
      dockerfile: { path: "Dockerfile" },
      args: {},
      secrets: {},
      labels: { "dokploy.home": engine.homeId },
      tag,
      noCache: false,
      signal: new AbortController().signal,
      output: () => undefined,
    });
    return `${sent.files} files, ${(sent.bytes / 1e6).toFixed(1)} MB`;
  };

  async function measure(kind: "tar" | "ours", what: string, directory: string): Promise<void> {
    const blobs = await blobsOf(directory);
    const tag = `${engine.homeId}:${kind}-${rows.length}`;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const startedAt = performance.now();
    const sent = await (kind === "tar" ? byTar(directory, tag) : byOurs(directory, tag, blobs));
    const seconds = (performance.now() - startedAt) / 1000;
    delay.disable();
    rows.push([kind, what, seconds.toFixed(2), sent, ...[50, 99, 100].map((q) => (delay.percentile(q) / NS_A_MS).toFixed(1))]);
  }

  try {
    for (const kind of ["tar", "ours"] as const) {
      const directory = await repository(kind);
      writeFileSync(path.join(directory, ".dockerignore"), ".git\n");
      await measure(kind, "first", directory);
      writeFileSync(path.join(directory, "d7", "f700.txt"), `changed ${engine.homeId}`);
      await measure(kind, "one file changed", directory);
      await measure(kind, "nothing changed", directory);
    }
    process.stdout.write(`${files} files, ${megabytes} MB; ${machine()}\n\n`);
    table(["context by", "build", "s", "sent", "loop p50, ms", "p99, ms", "worst, ms"], rows);
  } finally {
    await engine.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
