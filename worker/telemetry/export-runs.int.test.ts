import http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployments } from "../../db/schema";
import { buildPeer, type GoPeer } from "../../e2e/support/go-peer";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { recordSpans } from "../../server/streams/record";
import { createRunExporter, isTelemetryOn, type RunExporter } from "./export-runs";

type Seen = { service: string; trace: string; id: string; parent: string; name: string; kind: string; status: string; startMicros: number; endMicros: number };
type Span = Seen & { attributes: Record<string, unknown> };

/** Where a collector would listen: it keeps the bodies, and is away as often as it is told. */
const bodies: string[] = [];
const calls: { path: string | undefined; token: string | undefined }[] = [];
let timesAway = 0;
const receiver = http.createServer(async (request, response) => {
  const body = await text(request);
  calls.push({ path: request.url, token: request.headers["x-token"] as string | undefined });
  if (timesAway > 0) {
    timesAway--;
    response.writeHead(400).end();
    return;
  }
  bodies.push(body);
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
});

let t: TestServices;
let exporter: RunExporter;
/** The collector's own reading of what it is sent. */
let collector: GoPeer;
beforeAll(async () => {
  t = await openTestServices();
  collector = await buildPeer("otlp");
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  process.env.OTEL_EXPORTER_OTLP_HEADERS = "x-token=abc";
  exporter = createRunExporter(t.worker, { firstWaitMs: 20, attempts: 4 });
}, 300_000);
afterAll(async () => {
  await exporter.close();
  for (const name of ["ENDPOINT", "HEADERS"]) delete process.env[`OTEL_EXPORTER_OTLP_${name}`];
  await new Promise((resolve) => receiver.close(resolve));
  collector.close();
  await t.close();
});

/** After what accepting records, and no whole millisecond. */
const AT = (Date.now() + 600_000) * 1000 + 456;
async function endedRun(outcome: "succeeded" | "build_failed") {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  const run = await team.caller.deployments.create({ app: app.id });
  const [build, step] = [crypto.randomUUID(), crypto.randomUUID()];
  await team.ctx.team.transaction(async (rows) => {
    const isGood = outcome === "succeeded";
    const [row] = await rows.update(
      deployments,
      {
        status: isGood ? "succeeded" : "failed",
        outcome,
        commitSha: "a".repeat(40),
        liveAt: isGood ? AT + 9 : null,
        finishedAt: AT + 9_000_001,
        reason: isGood ? null : { code: "build_failed", what: "It did not build." },
      },
      eq(deployments.id, run.id),
    );
    if (!row) throw new Error("no such deployment");
    await recordSpans(rows, row, AT, [
      { id: build, step: "build", startedAt: AT, finishedAt: AT + 5_000_001, outcome: isGood ? "ok" : "failed" },
      { id: step, step: "RUN npm ci", parent: build, startedAt: AT + 1, finishedAt: AT + 2_000_000, outcome: "ok", cached: true, class: "va" },
      { step: "bake", startedAt: AT + 9_000_001, finishedAt: AT + 99_000_000, outcome: "ok" },
    ]);
  });
  return { run, told: { id: run.id, teamId: team.ctx.team.id } };
}
const trace = async (body: string | undefined) => collector.run<Span>([], { input: body ?? "" });
const received = (count: number) => expect.poll(() => bodies.length, { timeout: 10_000 }).toBe(count);

test("a deployment is one trace as the collector reads it: the run, its steps, exact to the microsecond; sent again until it is taken", async () => {
  const { run, told } = await endedRun("succeeded");
  timesAway = 2;
  exporter.ended(told);
  exporter.ended(told);
  await received(1);
  await exporter.sweep();
  expect(calls).toEqual(calls.map(() => ({ path: "/v1/traces", token: "abc" })));
  const spans = await trace(bodies[0]);
  const root = spans.find((span) => span.parent === "");
  const build = spans.find((span) => span.name === "build");
  const inner = spans.find((span) => span.name === "RUN npm ci");
  expect(root).toMatchObject({
    service: "dokploy",
    trace: run.id.replaceAll("-", ""),
    name: "RUN shop/api",
    kind: "Server",
    status: "Unset",
    endMicros: AT + 9_000_001,
    attributes: {
      "cicd.pipeline.name": "shop/api",
      "cicd.pipeline.run.id": run.id,
      "cicd.pipeline.run.url.full": expect.stringContaining(`/deployments/${run.id}`),
      "cicd.pipeline.result": "success",
      "deployment.environment.name": "production",
      "deployment.status": "succeeded",
      "vcs.repository.url.full": "https://git.example.com/a.git",
      "vcs.ref.head.revision": "a".repeat(40),
    },
  });
  expect(build).toMatchObject({ parent: root?.id, kind: "Internal", startMicros: AT, endMicros: AT + 5_000_001 });
  expect(build?.attributes).toMatchObject({
    "cicd.pipeline.task.name": "build",
    "cicd.pipeline.task.type": "build",
    "cicd.pipeline.task.run.result": "success",
  });
  expect(inner).toMatchObject({ parent: build?.id, attributes: { "dokploy.step.cached": true } });
  // the wait after the end is no part of the run
  expect(spans.map((span) => span.name)).not.toContain("bake");
});

test("a failure says which and why; nothing is sent twice, and a sweep finds what was not queued", async () => {
  const before = bodies.length;
  const { run } = await endedRun("build_failed");
  await exporter.sweep();
  await received(before + 1);
  await exporter.sweep();
  const spans = await trace(bodies[before]);
  const root = spans.find((span) => span.parent === "");
  expect(root).toMatchObject({
    status: "Error",
    attributes: { "cicd.pipeline.run.id": run.id, "cicd.pipeline.result": "failure", "error.type": "build_failed" },
  });
  expect(spans.find((span) => span.name === "build")).toMatchObject({ status: "Error", attributes: { "cicd.pipeline.task.run.result": "failure" } });
  expect(bodies).toHaveLength(before + 1);
  expect(isTelemetryOn({ NODE_ENV: "test" })).toBe(false);
});
