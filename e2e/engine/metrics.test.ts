import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverFiles } from "../support/git-repository";
import golden from "../support/golden-cases.json";
import { attemptLines, GOLDEN_WINDOW, incidentLines, incidentTimeLines, leadTimeLines, mapLines, rollbackLines, toNdjson } from "../support/golden-events";
import { type Journey, openJourney } from "../support/journey";
import { openPlatform, type Platform, untilEnded } from "../support/platform";

let platform: Platform;
let journey: Journey;
const suffix = randomBytes(3).toString("hex");
const imported = (name: string) => `golden-${name}-${suffix}`;

beforeAll(async () => {
  platform = openPlatform();
  journey = await openJourney("metrics");
});
afterAll(async () => {
  for (const name of ["lead", "back", "attempts", "incidents", "map", "many", "devlake", "events", "gauges", "times"])
    await platform.client.projects.delete.mutate({ project: imported(name) }).catch(() => undefined);
  await journey.close();
});

const send = async (body: string) => {
  const answer = await platform.api("/api/v1/import", { method: "POST", headers: { "content-type": "application/x-ndjson" }, body });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { accepted: number; duplicates: number; rejected: { line: number; error: string }[] };
};
const get = async (place: string) => {
  const answer = await platform.api(place);
  expect(answer.status, place).toBe(200);
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests look at
  return (await answer.json()) as any;
};
const query = `from=${GOLDEN_WINDOW.from}&to=${GOLDEN_WINDOW.to}`;

describe("golden cases over HTTP", () => {
  test("imported, they answer as computed by hand", async () => {
    const lines = [
      ...leadTimeLines(imported("lead")),
      ...rollbackLines(imported("back")),
      ...attemptLines(imported("attempts")),
      ...incidentLines(imported("incidents")),
      ...mapLines(imported("map")),
    ];
    expect(await send(toNdjson(lines))).toMatchObject({ accepted: lines.length, duplicates: 0, rejected: [] });
    expect(await send(toNdjson([...lines].reverse()))).toMatchObject({ accepted: 0, duplicates: lines.length });
    const lead = await get(`/api/v1/metrics/dora?project=${imported("lead")}&${query}&samples=true`);
    expect(lead.leadTime.samples.map((sample: { value: number }) => sample.value).sort((a: number, b: number) => a - b)).toEqual(
      golden.lead_time_multi_commit.expect.samples,
    );
    expect(lead.window).toMatchObject({ tz: "UTC", days: 31 });
    const back = await get(`/api/v1/metrics/dora?project=${imported("back")}&${query}`);
    expect(back.changeFailRate.value).toBeCloseTo(golden.rollback_blames_the_right_release.expect.cfr_excl_rollback, 6);
    expect(back.changeFailRate.samples).toBeUndefined();
    const attempts = await get(`/api/v1/metrics/dora?project=${imported("attempts")}&app=web&environment=production&${query}`);
    expect(attempts.successRate.value).toBeCloseTo(golden.attempts_versus_deployments.expect.success_rate, 6);
    expect((await get(`/api/v1/metrics/dora?project=${imported("incidents")}&${query}`)).changeFailRate.value).toBe(
      golden.incidents_do_not_double_count.expect.cfr,
    );
    const map = await get(`/api/v1/metrics/map?project=${imported("map")}&${query}`);
    expect(map.total.pce).toBeCloseTo(golden.value_stream_map.expect.pce, 6);
  });

  test("incidents answer as computed by hand, and other streams have a map", async () => {
    const lines = incidentTimeLines(imported("times"));
    expect(await send(toNdjson(lines))).toMatchObject({ accepted: lines.length, rejected: [] });
    const { expect: wanted } = golden.incident_times;
    const result = await get(`/api/v1/metrics/incidents?project=${imported("times")}&${query}&samples=true`);
    expect(result.falsePositiveRate.value).toBeCloseTo(wanted.fpr, 6);
    for (const [metric, { n }] of [
      ["timeToDetect", wanted.ttd],
      ["timeToAcknowledge", wanted.tta],
      ["timeToResolve", wanted.ttr_detect_to_verified],
      ["impact", wanted.impact],
    ] as const)
      expect(result[metric]).toMatchObject({ n, p50: null });
    expect(result.impact.samples[0].value).toBe(wanted.impact.p50);
    const map = await get(`/api/v1/metrics/map?stream=incident&project=${imported("times")}&${query}`);
    const acknowledge = map.steps.find((step: { key: string }) => step.key === "acknowledge");
    expect(acknowledge.waitTime / 2160).toBeCloseTo(wanted.A_wait_share, 6);
  });

  test("each figure leads to its rows; tables come as CSV, what has none says so", async () => {
    const place = `project=${imported("back")}&${query}`;
    const dora = await get(`/api/v1/metrics/dora?${place}`);
    for (const metric of ["deploymentFrequency", "leadTime", "changeFailRate", "recoveryTime", "reworkRate", "successRate"]) {
      const { items, n, excluded } = await get(`/api/v1/metrics/rows/${metric}?${place}`);
      expect(
        items.filter((row: { value: number | null }) => row.value !== null),
        metric,
      ).toHaveLength(dora[metric].n);
      expect([n, excluded]).toEqual([dora[metric].n, dora[metric].excluded]);
    }
    const csv = await platform.api(`/api/v1/metrics/rows/changeFailRate?${place}&limit=1&format=csv`);
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect((await csv.text()).trimEnd().split("\r\n")).toHaveLength(5);
    expect((await platform.api(`/api/v1/projects?format=csv`)).status).toBe(422);
    expect((await platform.api("/api/v1/metrics/rows/velocity")).status).toBe(400);
    expect((await platform.api(`/api/v1/metrics/rows/leadTime?${place}&cursor=x`)).status).toBe(400);
  });

  test("targets and experiments are part of the interface, documented as it is", async () => {
    const json = (method: string, body: object) => ({ method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const set = await platform.api("/api/v1/targets/changeFailRate", json("PUT", { project: imported("back"), value: 0.2 }));
    expect(await set.json()).toEqual({ metric: "changeFailRate", value: 0.2 });
    const { items } = await get(`/api/v1/targets?project=${imported("back")}&${query}`);
    expect(items.find((one: { key: string }) => one.key === "changeFailRate")).toMatchObject({ target: 0.2, level: "project", isMet: false });
    expect((await platform.api(`/api/v1/targets/changeFailRate?project=${imported("back")}`, { method: "DELETE" })).status).toBe(200);
    expect((await platform.api("/api/v1/targets/successRate", json("PUT", { value: 95 }))).status).toBe(400);
    const wish = {
      hypothesis: "Fewer fail",
      change: "a review",
      metric: "changeFailRate",
      project: imported("back"),
      startsOn: "2026-03-01",
      endsOn: "2026-03-31",
    };
    const made = await platform.api("/api/v1/experiments", json("POST", wish));
    expect(made.status).toBe(201);
    const { id } = (await made.json()) as { id: string };
    expect(await get(`/api/v1/experiments/${id}`)).toMatchObject({ verdict: { state: "too_small" }, detail: { now: { changeFailRate: { n: 3 } } } });
    expect((await platform.api(`/api/v1/experiments/${id}`, { method: "DELETE" })).status).toBe(200);
    const { paths } = await get("/api/v1/openapi.json");
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        "/api/v1/metrics/detail/{metric}",
        "/api/v1/metrics/rows/{metric}",
        "/api/v1/metrics/map/{step}",
        "/api/v1/targets/{metric}",
        "/api/v1/experiments",
        "/api/v1/outcomes",
        "/api/v1/manual-steps",
        "/api/v1/apps/{app}/prediction",
      ]),
    );
  });

  test("GitLab's form counts each day, both ends included", async () => {
    const place = `/api/v4/projects/${imported("back")}/dora/metrics`;
    const daily = (await get(`${place}?metric=deployment_frequency&start_date=2026-03-01&end_date=2026-03-03&interval=daily`)) as {
      date: string;
      value: number;
    }[];
    expect(daily).toEqual([
      { date: "2026-03-01", value: 0 },
      { date: "2026-03-02", value: 4 },
      { date: "2026-03-03", value: 0 },
    ]);
    const byPath = `/api/v4/projects/${encodeURIComponent(`${imported("back")}/web`)}/dora/metrics?metric=change_failure_rate&start_date=2026-03-01&end_date=2026-03-31&interval=all`;
    const answer = await fetch(`${platform.up.dashboard}${byPath}`, { headers: { "private-token": platform.up.token } });
    expect(((await answer.json()) as { value: number }[])[0]?.value).toBeCloseTo(1 / 3, 6);
    expect((await platform.api(`${place}?metric=nonsense`)).status).toBe(400);
  });

  test("what sends to DevLake's webhook can send here", async () => {
    const project = imported("devlake");
    const post = (place: string, body: object) =>
      platform.api(`/api/v1/ingest/devlake/${place}?project=${project}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const deployment = {
      id: `${project}-1`,
      startedDate: "2026-03-02T12:00:00+00:00",
      finishedDate: "2026-03-02T12:10:00+00:00",
      result: "SUCCESS",
      environment: "PRODUCTION",
      deploymentCommits: [
        {
          repoUrl: "https://git.example.com/team/shop.git",
          commitSha: "015e3d3b480e417aede5a1293bd61de9b0fd051d",
          refName: "main",
          startedDate: "2026-03-02T12:00:00+00:00",
          finishedDate: "2026-03-02T12:10:00+00:00",
        },
      ],
    };
    expect(await (await post("deployments", deployment)).json()).toMatchObject({ accepted: 1 });
    expect(await (await post("deployments", { ...deployment, id: `${project}-2`, result: "FAILURE" })).json()).toMatchObject({ accepted: 1 });
    const issue = { issueKey: `${project}-9`, title: "Down", type: "INCIDENT", status: "TODO", createdDate: "2026-03-02T13:00:00+00:00", severity: "major" };
    expect((await post("issues", issue)).status).toBe(200);
    expect((await post(`issue/${project}-9/close`, {})).status).toBe(200);
    expect((await post("deployments", { result: 7 })).status).toBe(400);
    const result = await get(`/api/v1/metrics/dora?project=${project}&app=shop&${query}`);
    expect(result).toMatchObject({ deploymentFrequency: { n: 1 }, successRate: { numerator: 1, denominator: 2 } });
  });

  test("CDEvents come in as CloudEvents, structured and binary; what is of no interest is accepted too", async () => {
    const project = imported("events");
    const event = (type: string, id: string, at: string, content: object = {}) => ({
      context: { version: "0.4.1", id: `${id}-${suffix}`, source: "/ci", type: `dev.cdevents.${type}`, timestamp: at },
      subject: { id: type.startsWith("incident") ? `incident-${suffix}` : "/services/shop", source: "/ci", type: "service", content },
    });
    const post = (body: object, headers: Record<string, string> = {}) =>
      platform.api(`/api/v1/events?project=${project}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
    const deployed = event("service.deployed.0.2.0", "e1", "2026-03-02T12:00:00Z", {
      environment: { id: "production" },
      artifactId: "pkg:oci/shop@sha256%3Aaaaa",
    });
    const structured = {
      specversion: "1.0",
      id: `e1-${suffix}`,
      source: "/ci",
      type: deployed.context.type,
      datacontenttype: "application/json",
      data: deployed,
    };
    expect((await post(structured, { "content-type": "application/cloudevents+json" })).status).toBe(202);
    const upgraded = event("service.upgraded.0.2.0", "e2", "2026-03-02T13:00:00Z", {
      environment: { id: "production" },
      artifactId: "pkg:oci/shop@sha256%3Abbbb",
    });
    expect((await post(upgraded, { "ce-specversion": "1.0", "ce-id": `e2-${suffix}`, "ce-source": "/ci", "ce-type": upgraded.context.type })).status).toBe(202);
    const back = event("service.rolledback.0.2.0", "e3", "2026-03-02T13:30:00Z", {
      environment: { id: "production" },
      artifactId: "pkg:oci/shop@sha256%3Aaaaa",
    });
    expect((await post(back)).status).toBe(202);
    expect(await (await post(event("pipelinerun.started.0.2.0", "e4", "2026-03-02T14:00:00Z"))).json()).toMatchObject({ ignored: true });
    for (const verb of ["detected", "resolved"]) expect((await post(event(`incident.${verb}.0.2.0`, `e5${verb}`, "2026-03-02T14:00:00Z"))).status).toBe(202);
    expect((await post({ nonsense: true })).status).toBe(400);
    const result = await get(`/api/v1/metrics/dora?project=${project}&${query}`);
    expect(result).toMatchObject({ changeFailRate: { numerator: 1, denominator: 2 }, reworkRate: { numerator: 1, denominator: 3 } });
    const { items } = await get("/api/v1/events?since=2026-01-01");
    expect(items[0]).toMatchObject({
      specversion: "1.0",
      type: expect.stringMatching(/^dev\.cdevents\.service\./),
      data: { context: { version: "0.4.1" }, subject: { type: "service" } },
    });
  });

  test("Prometheus reads a team's figures by its token, as the API gives them; without one nothing of any team", async () => {
    const project = imported("gauges");
    const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const lines = [300, 200, 100].map((minutes, n) => ({
      kind: "deployment",
      project,
      app: "shop",
      environment: "production",
      tier: "production",
      id: `g${n}-${suffix}`,
      commit: `c${n}`,
      outcome: "succeeded",
      createdAt: at(minutes + 1),
      liveAt: at(minutes),
      finishedAt: at(minutes),
    }));
    expect((await send(toNdjson(lines))).accepted).toBe(3);
    const figures = await get(`/api/v1/metrics/dora?project=${project}`);
    const scraped = await (await platform.api("/metrics")).text();
    const labels = `project="${project}",app="shop",environment="production"`;
    expect(scraped).toContain(`dokploy_dora_deployments_per_day{${labels}} ${figures.deploymentFrequency.value}`);
    expect(scraped).toContain(`dokploy_dora_success_ratio{${labels}} 1`);
    expect(scraped).toContain("dokploy_http_request_duration_seconds_bucket");
    // what is not known has no sample
    expect(scraped).not.toContain(`dokploy_dora_recovery_time_seconds{${labels}`);
    expect(await (await fetch(`${platform.up.dashboard}/metrics`)).text()).not.toContain("dokploy_dora");
  });

  test("what is not there is 404, what is wrong 400, and an import is NDJSON", async () => {
    expect((await platform.api("/api/v1/metrics/dora?project=nowhere")).status).toBe(404);
    expect((await platform.api("/api/v1/metrics/dora?app=nowhere")).status).toBe(404);
    expect((await platform.api("/api/v1/metrics/dora?tz=Mars/Olympus")).status).toBe(400);
    expect((await platform.api("/api/v1/metrics/dora?from=yesterday")).status).toBe(400);
    expect((await platform.api("/api/v1/import", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })).status).toBe(400);
    expect((await fetch(`${platform.up.dashboard}/api/v1/import`, { method: "POST" })).status).toBe(401);
  });
});

describe("the command line", () => {
  test("shows the rows behind a figure, sets a target and takes it back", async () => {
    const project = imported("back");
    const range = ["--project", project, "--from", GOLDEN_WINDOW.from, "--to", GOLDEN_WINDOW.to];
    const rows = await platform.cli(["metrics", "rows", "changeFailRate", ...range]);
    expect(rows.stdout).toMatch(/3 counted of 4 looked at.*web #2.*Rolled back by.*rollback/s);
    expect((await platform.cli(["metrics", "rows", "velocity"])).status).toBe(2);
    expect((await platform.cli(["target", "set", "changeFailRate", "20 %", "--project", project])).stdout).toContain("at most 20.0 %");
    const list = JSON.parse((await platform.cli(["target", "list", ...range, "--json"])).stdout) as { items: { key: string }[] };
    expect(list.items.find((one) => one.key === "changeFailRate")).toMatchObject({ target: 0.2, level: "project", isMet: false });
    expect((await platform.cli(["target", "set", "leadTime", "soon"])).status).toBe(2);
    expect((await platform.cli(["target", "clear", "changeFailRate", "--project", project])).status).toBe(0);
    expect((await platform.cli(["target", "clear", "changeFailRate", "--project", project])).status).toBe(4);
    expect((await platform.cli(["experiment", "list"])).status).toBe(0);
  });

  test("imports a file of 10,000 lines, and prints the metrics", async () => {
    const project = imported("many");
    const line = (n: number) => ({
      kind: "deployment",
      project,
      app: "web",
      tier: "production",
      id: `${project}-${n}`,
      outcome: "succeeded",
      commit: `c${n}`,
      commits: [`c${n}`],
      liveAt: new Date(Date.UTC(2026, 2, 2) + n * 60_000).toISOString(),
    });
    const commit = (n: number) => ({
      kind: "commit",
      project,
      app: "web",
      sha: `c${n}`,
      authoredAt: new Date(Date.UTC(2026, 2, 1, 12) + n * 60_000).toISOString(),
    });
    const file = path.join(tmpdir(), `${project}.ndjson`);
    writeFileSync(file, toNdjson(Array.from({ length: 5_000 }, (_, n) => [line(n), commit(n)]).flat()));
    const taken = await platform.cli(["import", file, "--json"]);
    expect(taken.status).toBe(0);
    expect(JSON.parse(taken.stdout)).toEqual({ accepted: 10_000, duplicates: 0, rejected: [] });
    const shown = await platform.cli(["metrics", "dora", "--app", `${project}/web`, "--from", "2026-03-01", "--to", "2026-04-01", "--json"]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ leadTime: { n: 4_999, p50: 43_200, p90: 43_200, excluded: { first_deployment: 1 } } });
    expect((await platform.cli(["metrics", "dora", "--project", project, "--from", "2026-03-01", "--to", "2026-04-01"])).stdout).toContain("12h 0m");
    const bad = await platform.cli(["import", "-"], { stdin: "{nonsense\n" });
    expect(bad).toMatchObject({ status: 1, stderr: expect.stringContaining("line 1") });
  });
});

describe("our own deployments", () => {
  test("are in the metrics at once: one that failed and was rolled back, and the map of their steps", async () => {
    const { app, repository, deploy } = await journey.newApp("own", serverFiles("one"), { bakeS: 60 });
    await deploy();
    repository.commit({ "server.js": "require('node:http').createServer((q, r) => r.end('two')).listen(process.env.PORT, '0.0.0.0');" }, "Two");
    const second = await deploy();
    await platform.client.deployments.rollback.mutate({ app: app.id }).then(({ id }) => untilEnded(platform, id));
    const result = await platform.client.metrics.dora.query({ app: `${journey.project}/own`, samples: true });
    expect(result.changeFailRate).toMatchObject({ numerator: 1, denominator: 2 });
    expect(result.changeFailRate.samples.find((sample) => sample.value === 1)?.deployment).toBe(second.id);
    expect(result.reworkRate.numerator).toBe(1);
    expect(result.recoveryTime.samples).toHaveLength(1);
    expect(result.leadTime).toMatchObject({ n: 1, excluded: { first_deployment: 1 } });
    const map = await platform.client.metrics.map.query({ app: `${journey.project}/own` });
    expect(map.total.processTime + map.total.waitTime).toBeCloseTo(map.total.leadTime, 6);
    expect(map.steps.map((step) => step.key)).toEqual(expect.arrayContaining(["validate", "queue", "fetch", "build", "release", "health", "route", "verify"]));
  });

  test("in a repository of several applications only commits that touch the application's own paths count", async () => {
    const files = { ...serverFiles("one"), "apps/web/page": "1" };
    const { repository, deploy } = await journey.newApp("mono", files, { watchPaths: ["server.js", "package.json"] });
    await deploy();
    repository.commit({ "apps/web/page": "2" }, "Of another application");
    repository.commit({ "server.js": "require('node:http').createServer((q, r) => r.end('two')).listen(process.env.PORT, '0.0.0.0');" }, "Its own");
    const own = repository.head();
    repository.commit({ "apps/web/page": "3" }, "Of another application again");
    const second = await deploy();
    expect(second).toMatchObject({ status: "succeeded", commits: [own], commit: { sha: repository.head() } });
    const { leadTime } = await platform.client.metrics.dora.query({ app: `${journey.project}/mono`, samples: true });
    expect(leadTime).toMatchObject({ n: 1, samples: [{ commit: own, deployment: second.id }] });
  });
});
