import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPeer, type GoPeer } from "../support/go-peer";
import { openPlatform, type Platform } from "../support/platform";

let platform: Platform;
/** The community's own SDK, which knows every type of event and the schemas of the specification. */
let sdk: GoPeer;
const project = `sdk-${Date.now().toString(36)}`;

beforeAll(async () => {
  platform = openPlatform();
  sdk = await buildPeer("cdevents");
}, 300_000);
afterAll(async () => {
  await platform.client.projects.delete.mutate({ project }).catch(() => undefined);
  sdk.close();
});

type Sent = { type: string; mode: string; status: number; error?: string };
type Checked = { id: string; type: string; error?: string };

test("every event that the SDK can make is accepted, structured and binary, of both specifications", async () => {
  const sent = await sdk.run<Sent>(["send", `${platform.up.dashboard}/api/v1/events?project=${project}`], { env: { TOKEN: platform.up.token } });
  expect(sent.filter((one) => one.status !== 202)).toEqual([]);
  const types = new Set(sent.map((one) => one.type));
  for (const type of ["service.deployed.0.2.0", "service.deployed.0.3.0", "change.merged.0.2.0", "incident.detected.0.2.0", "pipelinerun.finished.0.2.0"])
    expect(types).toContain(`dev.cdevents.${type}`);
  // each came in two ways, and counts once
  const [ways, known] = [sent.length, types.size];
  expect(ways).toBe(known * 2);
  const answer = await platform.api(`/api/v1/metrics/dora?project=${project}&environment=Environment`);
  // deployed, upgraded and rolled back, by two specifications; the same artifact again is no change
  expect(await answer.json()).toMatchObject({ deploymentFrequency: { n: 3, excluded: { redeploy: 3 } } });
}, 120_000);

test("what we send is valid by the schemas of CDEvents and by CloudEvents", async () => {
  const answer = await platform.api("/api/v1/events?since=2020-01-01");
  const { items } = (await answer.json()) as { items: { id: string }[] };
  expect(items.length).toBeGreaterThan(0);
  const checked = await sdk.run<Checked>(["check"], { input: JSON.stringify(items) });
  expect(checked.filter((one) => one.error)).toEqual([]);
  expect(checked.map((one) => one.id)).toEqual(items.map((one) => one.id));
});
