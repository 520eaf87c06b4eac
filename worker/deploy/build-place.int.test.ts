import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployments } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import type { TeamContext } from "../../server/context";
import type { DeploymentRow } from "../../server/deployments/view";
import type { WorkerContext } from "../context";
import { takeBuildPlace } from "./build-place";
import { claimNext, writeFenced } from "./lease";
import type { Run } from "./run";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

const never = new AbortController().signal;
const row = (id: string, isOwn: boolean) => ({
  id,
  hostname: `host-${id}`,
  isOwn,
  labels: { "dokploy.build": "true" },
  availability: "active",
  state: "ready",
});
const answering = { node: "n2", name: "host-n2", engine: { of: "n2" }, lost: never };

/** A worker on the first of two nodes that build one deployment each. */
const worker = (): WorkerContext =>
  ({
    services: t.worker,
    env: { DOKPLOY_BUILD_SLOTS: 1 },
    ports: { of: "n1" },
    nodes: { list: () => [row("n1", true), row("n2", false)], ownId: () => "n1" },
    agents: { ready: () => [answering], find: () => answering },
  }) as unknown as WorkerContext;

async function newApp() {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  /** A deployment that has come to its build. */
  const run = async (travels = true): Promise<Run & { said: string[] }> => {
    await team.caller.deployments.create({ app: app.id });
    const claimed = (await claimNext(t.worker, "one", true)) as DeploymentRow;
    const deployment = await writeFenced(t.worker.db, claimed, { step: "build" });
    const said: string[] = [];
    return { worker: worker(), ctx: team.ctx as TeamContext, deployment, travels, said, say: (text: string) => said.push(text) } as unknown as Run & {
      said: string[];
    };
  };
  return { run };
}
const end = (run: Run) => t.worker.db.update(deployments).set({ status: "succeeded" }).where(eq(deployments.id, run.deployment.id));

test("builds at once are spread, one more waits for a place, and each application comes back to its cache", async () => {
  const apps = [await newApp(), await newApp(), await newApp()] as const;
  const [a, b, c] = [await apps[0].run(), await apps[1].run(), await apps[2].run()];
  const taken = await Promise.all([takeBuildPlace(a, never), takeBuildPlace(b, never)]);
  expect(taken.map(({ node }) => node).sort()).toEqual(["n1", "n2"]);
  expect([a.deployment.buildNode, b.deployment.buildNode]).toEqual(taken.map(({ node }) => node));

  const waiting = takeBuildPlace(c, never);
  await expect.poll(() => c.said).toEqual(["All build slots of host-n1, host-n2 are taken; it waits for one."]);
  await end(b);
  expect(await waiting).toMatchObject({ node: taken[1].node });
  await Promise.all([end(a), end(c)]);

  const again = await apps[0].run();
  expect(await takeBuildPlace(again, never)).toMatchObject({ node: taken[0].node, isOwn: taken[0].node === "n1" });
  await end(again);
});

test("a wait for a place ends with what it is for, and who lost the lease takes none", async () => {
  const apps = [await newApp(), await newApp(), await newApp()] as const;
  const [a, b, c] = [await apps[0].run(), await apps[1].run(), await apps[2].run()];
  await Promise.all([takeBuildPlace(a, never), takeBuildPlace(b, never)]);
  const cancel = new AbortController();
  const waiting = takeBuildPlace(c, cancel.signal);
  cancel.abort(new Error("cancelled here"));
  await expect(waiting).rejects.toThrow("cancelled here");
  await end(a);
  await t.worker.db
    .update(deployments)
    .set({ epoch: c.deployment.epoch + 1 })
    .where(eq(deployments.id, c.deployment.id));
  await expect(takeBuildPlace(c, never)).rejects.toMatchObject({ code: "fenced" });
  await Promise.all([end(b), end(c)]);
});

test("with one machine the row is not touched: there is one place", async () => {
  const { run } = await newApp();
  const alone = await run(false);
  expect(await takeBuildPlace(alone, never)).toMatchObject({ node: "n1", isOwn: true });
  const [found] = await t.worker.db.select({ node: deployments.buildNode }).from(deployments).where(eq(deployments.id, alone.deployment.id));
  expect(found).toEqual({ node: null });
  await end(alone);
});
