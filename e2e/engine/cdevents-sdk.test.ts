import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Journey, openJourney } from "../support/journey";
import { openPlatform, type Platform } from "../support/platform";

/** The community's own SDK (e2e/peers/cdevents), which knows every type of event and the schemas of the specification. */
const PEER = path.resolve(import.meta.dirname, "../peers/cdevents");
let platform: Platform;
let journey: Journey;
let folder: string;
let program: string;
const project = `sdk-${Date.now().toString(36)}`;

beforeAll(async () => {
  platform = openPlatform();
  journey = await openJourney("cdevents");
  folder = mkdtempSync(path.join(tmpdir(), "cdevents-"));
  program = path.join(folder, "cdevents");
  await promisify(execFile)("go", ["build", "-o", program, "."], { cwd: PEER });
}, 300_000);
afterAll(async () => {
  await platform.client.projects.delete.mutate({ project }).catch(() => undefined);
  await journey.close();
  rmSync(folder, { recursive: true });
});

type Printed = { id?: string; type: string; mode?: string; status?: number; error?: string };

async function speak(args: string[], input: string): Promise<Printed[]> {
  const child = spawn(program, args, { env: { ...process.env, TOKEN: platform.up.token } });
  child.stdin.end(input);
  const [out, problem, status] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((resolve) => child.once("close", resolve))]);
  expect([status, problem]).toEqual([0, ""]);
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Printed);
}

test("every event that the SDK can make is accepted, structured and binary, of both specifications", async () => {
  const sent = await speak(["send", `${platform.up.dashboard}/api/v1/events?project=${project}`], "");
  expect(sent.filter((one) => one.status !== 202)).toEqual([]);
  const types = new Set(sent.map((one) => one.type));
  for (const type of ["service.deployed.0.2.0", "service.deployed.0.3.0", "change.merged.0.2.0", "incident.detected.0.2.0", "pipelinerun.finished.0.2.0"])
    expect(types).toContain(`dev.cdevents.${type}`);
  expect(sent).toHaveLength(types.size * 2);
  // a service deployed, upgraded and rolled back, by two specifications: each once, though each came twice
  const answer = await platform.api(`/api/v1/metrics/dora?project=${project}`);
  expect(await answer.json()).toMatchObject({ deploymentFrequency: { n: 6 } });
}, 120_000);

test("what we send is valid by the schemas of CDEvents and by CloudEvents", async () => {
  const answer = await platform.api("/api/v1/events?since=2020-01-01");
  const { items } = (await answer.json()) as { items: { id: string }[] };
  expect(items.length).toBeGreaterThan(0);
  const checked = await speak(["check"], JSON.stringify(items));
  expect(checked.filter((one) => one.error)).toEqual([]);
  expect(checked.map((one) => one.id)).toEqual(items.map((one) => one.id));
});
