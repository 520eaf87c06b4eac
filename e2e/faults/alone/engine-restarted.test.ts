import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PRIVATE_ROOT } from "../../../deploy/up/engine.mjs";
import { engineAnswers } from "../../support/engine-api.mjs";
import { answerOf, eventually, expectWholeLedger, type Faults, openFaults } from "../../support/faults";
import { DOCKERFILE, SERVER } from "../../support/git-repository";
import { startLoad, untilEnded } from "../../support/platform";
import { recordFact } from "../../support/reliability";

let faults: Faults;
beforeAll(async () => {
  faults = await openFaults();
});
afterAll(() => faults.close());

/** Homes of this machine share the engine: whatever runs beside this test meets the restart too. */
test("kill -9 of the engine during a build: it comes back, the deployment goes live, and the gap ends by itself", async () => {
  const app = await faults.app("engine");
  app.repository.commit({
    Dockerfile: DOCKERFILE.replace("CMD", `RUN node -e 'setTimeout(() => console.log("${faults.project}"), 4000)'\nCMD`),
    "server.js": SERVER("after"),
  });
  const load = startLoad(app.url, 100);
  const id = await faults.deploy(app);
  await faults.reaches(id, "build");
  // the step that takes its time has begun
  await eventually(async () => {
    const { items } = await faults.platform.client.deployments.logs.query({ deployment: id, limit: 1000 });
    return items.some((line) => line.x.includes("RUN node")) ? true : undefined;
  }, 60);
  const at = Date.now();
  process.kill(Number(readFileSync(path.join(PRIVATE_ROOT, "docker.pid"), "utf8")), "SIGKILL");
  await eventually(async () => ((await engineAnswers(faults.platform.up.dockerHost)) ? true : undefined), 60);
  const run = await untilEnded(faults.platform, id);
  const toEndS = (Date.now() - at) / 1000;
  const { sent, failures } = await load.stop();
  recordFact({ group: "kill -9 of dockerd", case: "during a build", sent, failed: failures.length, toLeaseS: null, toEndS, end: run.status });
  expect(run.status).toBe("succeeded");
  expect(await answerOf(app)).toBe("after");
  expectWholeLedger(run);
  expect(await faults.orphans()).toEqual([]);
});
