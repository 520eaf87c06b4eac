import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DOCKERFILE, SERVER, serverFiles } from "../support/git-repository";
import { type Journey, openJourney } from "../support/journey";
import { ask, type Platform, startLoad, untilEnded } from "../support/platform";

let journey: Journey;
let platform: Platform;
let newApp: Journey["newApp"];

beforeAll(async () => {
  journey = await openJourney("releases");
  ({ platform, newApp } = journey);
});
afterAll(() => journey.close());

describe("releases", () => {
  test("rolling back brings the release before, without a build, and back in bake by a weight", async () => {
    const { app, repository, deploy, url } = await newApp("back", serverFiles("first"), { bakeS: 120 });
    await deploy();
    repository.commit({ "server.js": SERVER("second") });
    const second = await deploy();
    const load = startLoad(url, 30);
    const back = await untilEnded(platform, (await platform.client.deployments.rollback.mutate({ app: app.id })).id);
    expect(back).toMatchObject({ status: "succeeded", kind: "rollback", release: 1, remediates: second.id });
    expect((await ask(url)).body).toContain("first");
    expect((await load.stop()).failures).toEqual([]);
    expect(back.spans.map((span) => span.step)).not.toContain("build");
    expect(await platform.client.deployments.read.query({ deployment: second.id })).toMatchObject({ failed: true, status: "succeeded" });
  });

  test("a changed variable is a deployment without a build, and names the key only", async () => {
    const { app, deploy, url } = await newApp("config", serverFiles("mode"));
    await deploy();
    const changed = await platform.client.apps.changeVariables.mutate({ app: app.id, set: [{ key: "MODE", value: "a-secret-mode", secret: true }] });
    const run = await untilEnded(platform, changed.deployment?.id ?? "");
    expect(run).toMatchObject({ status: "succeeded", kind: "config", changedKeys: ["MODE"] });
    expect(run.spans.map((span) => span.step)).not.toContain("build");
    expect((await ask(url)).body).toBe("mode a-secret-mode");
    expect(JSON.stringify(run)).not.toContain("a-secret-mode");
  });

  test("a release command runs in the new image before traffic; its failure stops the deployment", async () => {
    const { app, deploy, url } = await newApp("migrate", serverFiles("served"), { releaseCommand: "node -e 'console.log(\"migrated\")'" });
    const run = await deploy();
    expect(run.status).toBe("succeeded");
    const log = await platform.client.deployments.logs.query({ deployment: run.id, limit: 10_000 });
    expect(log.items.some((line) => line.x === "migrated" && line.s === "release")).toBe(true);
    await platform.client.apps.update.mutate({ app: app.id, settings: { releaseCommand: "node -e 'console.error(\"no such table\"); process.exit(9)'" } });
    expect(await deploy()).toMatchObject({ status: "failed", reason: { code: "release_command_failed", why: "no such table" } });
    expect((await ask(url)).body).toContain("served");
  });

  test("rolling, with three replicas, costs no request", async () => {
    const { repository, deploy, url } = await newApp("rolling", serverFiles("r1"), { strategy: "rolling", replicas: 3 });
    await deploy();
    const load = startLoad(url, 40);
    repository.commit({ "server.js": SERVER("r2") });
    expect((await deploy()).status).toBe("succeeded");
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    expect((await ask(url)).body).toContain("r2");
  });
});

describe("what is built", () => {
  test("a static site and a Node project without a Dockerfile", async () => {
    const site = await newApp("site", { "index.html": "<h1>plain</h1>", "about/index.html": "about" });
    expect(await site.deploy()).toMatchObject({ status: "succeeded" });
    expect((await ask(site.url)).body).toBe("<h1>plain</h1>");
    expect((await ask(`${site.url}/about/`)).body).toBe("about");
    expect((await ask(`${site.url}/../../etc/passwd`)).status).toBe(404);

    const node = await newApp("node", {
      "package.json": JSON.stringify({ name: "n", version: "1.0.0", scripts: { start: "node server.js" } }),
      "package-lock.json": JSON.stringify({
        name: "n",
        version: "1.0.0",
        lockfileVersion: 3,
        requires: true,
        packages: { "": { name: "n", version: "1.0.0" } },
      }),
      "server.js": SERVER("from npm"),
    });
    const run = await node.deploy();
    expect(run.reason).toBeNull();
    expect((await ask(node.url)).body).toContain("from npm");
  });

  test("a build secret is there while building, and neither in the image nor in the log", async () => {
    // a step that the engine has in its cache says nothing again, so this one is new with each run
    const step = 'test "$(cat /run/secrets/NPM_TOKEN)" = build-secret-value && cat /run/secrets/NPM_TOKEN';
    const dockerfile = DOCKERFILE.replace("CMD", `RUN --mount=type=secret,id=NPM_TOKEN ${step} && echo ${journey.project}\nCMD`);
    const { app, deploy } = await newApp("secret", { Dockerfile: dockerfile, "server.js": SERVER("x") });
    await platform.client.apps.changeVariables.mutate({ app: app.id, set: [{ key: "NPM_TOKEN", value: "build-secret-value", secret: true, build: true }] });
    const run = await deploy();
    expect(run.reason).toBeNull();
    const log = await platform.client.deployments.logs.query({ deployment: run.id, limit: 10_000 });
    expect(JSON.stringify(log)).toContain("[redacted]");
    expect(JSON.stringify(log)).not.toContain("build-secret-value");
  });

  test("a Dockerfile in a folder, with its own port", async () => {
    const { deploy, url } = await newApp(
      "folder",
      { "service/Dockerfile": DOCKERFILE.replace("CMD", "EXPOSE 8123\nCMD"), "service/server.js": SERVER("from a folder") },
      { path: "service" },
    );
    expect(await deploy()).toMatchObject({ status: "succeeded" });
    expect((await ask(url)).body).toContain("from a folder");
  });
});

describe("operations", () => {
  test("stop shows the edge's own page, start and scale and restart answer again", async () => {
    const { app, deploy, url } = await newApp("operate", serverFiles("up"));
    await deploy();
    expect(await platform.client.apps.stop.mutate({ app: app.id })).toMatchObject({ status: "stopped" });
    expect(await ask(url)).toMatchObject({ status: 503, body: expect.stringContaining("Stopped") });
    expect(await platform.client.apps.start.mutate({ app: app.id })).toMatchObject({ status: "healthy" });
    expect((await ask(url)).body).toContain("up");
    expect(await platform.client.apps.scale.mutate({ app: app.id, replicas: 2 })).toMatchObject({ replicas: 2, runningReplicas: 2 });
    const load = startLoad(url, 30);
    expect(await platform.client.apps.restart.mutate({ app: app.id })).toMatchObject({ status: "healthy" });
    expect((await load.stop()).failures).toEqual([]);
  });

  test("a host name of one's own and a path rule", async () => {
    const { app, deploy, url } = await newApp("domains", serverFiles("by name"));
    await deploy();
    const port = new URL(url).port;
    const host = `${journey.project}.example.test`;
    await platform.client.domains.add.mutate({ app: app.id, host });
    expect((await ask(`http://${host}:${port}/`)).body).toContain("by name");
    const other = await newApp("domains2", serverFiles("by path"));
    await other.deploy();
    await platform.client.domains.add.mutate({ app: other.app.id, host, path: "/api" });
    expect((await ask(`http://${host}:${port}/api/x`)).body).toContain("by path");
    expect((await ask(`http://${host}:${port}/apix`)).body).toContain("by name");
    await expect(platform.client.domains.add.mutate({ app: app.id, host, path: "/api" })).rejects.toThrow(/taken/);
    await platform.client.domains.remove.mutate({ domain: `${host}/api` });
    expect((await ask(`http://${host}:${port}/api/x`)).body).toContain("by name");
    expect(await ask(`http://unknown.example.test:${port}/`)).toMatchObject({ status: 404, body: expect.stringContaining("No application here") });
  });

  test("an application's log outlives its containers", async () => {
    const { app, repository, deploy, url } = await newApp("logs", serverFiles("logged", 'console.log("started as release one");'));
    await deploy();
    await ask(url);
    repository.commit({ "server.js": SERVER("logged", 'console.log("started as release two");') });
    await deploy();
    const lines = await untilLogged(app.id, /release two/);
    expect(lines.some((line) => line.includes("release one"))).toBe(true);
  });
});

async function untilLogged(app: string, words: RegExp): Promise<string[]> {
  const stream = await platform.api(`/api/v1/apps/${app}/logs?since=10m`, { headers: { accept: "text/event-stream" } });
  let text = "";
  for await (const part of stream.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(part).toString();
    if (words.test(text)) break;
  }
  return (await platform.client.logs.app.query({ app, since: "10m" })).items.map((line) => line.x).concat(text);
}
