/** `npx tsx bench/projects-page.ts [applications] [requests] [page]`: how long the server takes to answer a page of all applications. */
import { readFileSync } from "node:fs";
import { giveHistory, openHomeDatabase } from "../e2e/support/home-database";
import { benchPlatform, machine, median, quantile, table } from "./support";

const applications = Number(process.argv[2] ?? 200);
const requests = Number(process.argv[3] ?? 50);
const page = process.argv[4] ?? "/projects";
const { up, client } = await benchPlatform();
const project = `bench-${Date.now().toString(36)}`;
if (!up.demo) throw new Error("The home has no demo, whose deployment is the model for the history of the others.");
const cookie = await signIn();

const made = await client.projects.create.mutate({ name: project });
const sql = openHomeDatabase(up);
try {
  const before = await measure();
  for (let n = 0; n < applications; n += 10) {
    const names = Array.from({ length: Math.min(10, applications - n) }, (_, k) => `app-${n + k}`);
    await Promise.all(names.map((name) => client.apps.create.mutate({ name, project, git: "https://git.example.invalid/a.git" })));
  }
  await giveHistory(sql, up.demo.deployment, { project: made.id }, 3);
  await measure();
  const after = await measure();
  process.stdout.write(`${requests} requests of ${page}, one after another; ${machine()}\n\n`);
  table(
    ["applications", "median, ms", "p95, ms", "processor of web, ms", "page, KiB"],
    [
      ["as found", ...words(before)],
      [`${applications} more`, ...words(after)],
    ],
  );
} finally {
  await sql.end();
  await client.projects.delete.mutate({ project });
  for (let left = true; left; left = (await client.projects.list.query({ limit: 200 })).items.some((one) => one.id === made.id))
    await new Promise((resolve) => setTimeout(resolve, 500));
}

async function signIn(): Promise<string> {
  const answer = await fetch(`${up.dashboard}/sign-in`, { method: "POST", body: new URLSearchParams(up.admin), redirect: "manual" });
  const given = answer.headers.getSetCookie().map((one) => one.split(";")[0]);
  if (answer.status !== 302 || given.length === 0) throw new Error(`Signing in was answered with ${answer.status}.`);
  return given.join("; ");
}

/** Processor time of the web process so far: what other work on the machine does not blur. */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${up.pids.web}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

type Measured = { times: number[]; bytes: number; cpu: number };

async function measure(): Promise<Measured> {
  const times: number[] = [];
  let bytes = 0;
  const used = cpuMs();
  for (let n = 0; n < requests; n++) {
    const startedAt = performance.now();
    const answer = await fetch(`${up.dashboard}${page}`, { headers: { cookie, "accept-encoding": "identity" } });
    bytes = (await answer.arrayBuffer()).byteLength;
    times.push(performance.now() - startedAt);
    if (answer.status !== 200) throw new Error(`${page} was answered with ${answer.status}.`);
  }
  return { times, bytes, cpu: (cpuMs() - used) / requests };
}

function words({ times, bytes, cpu }: Measured): string[] {
  return [median(times).toFixed(1), quantile(times, 0.95).toFixed(1), cpu.toFixed(1), (bytes / 1024).toFixed(0)];
}
