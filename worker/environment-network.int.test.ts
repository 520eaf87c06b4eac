import { afterAll, beforeAll, expect, test } from "vitest";
import { apps } from "../db/schema";
import { openTestServices, type TestServices } from "../e2e/support/test-services";
import type { WorkerContext } from "./context";
import { type AppPlace, readAppPlace } from "./data";
import { ensureNetwork, removeUnusedNetwork } from "./environment-network";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

const deferred = () => {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
};

test("a network goes with the last application, and one that comes meanwhile waits for a new one", async () => {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const made = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  const place = (await readAppPlace(t.worker, made.id)) as AppPlace;
  const name = place.environment.network;

  const seen: string[] = [];
  const [going, gone] = [deferred(), deferred()];
  const network = {
    ensure: async (request: { name: string }) => seen.push(`ensured ${request.name}`) > 0,
    remove: async (given: string) => {
      seen.push(`removing ${given}`);
      going.resolve();
      await gone.promise;
      seen.push(`removed ${given}`);
    },
  };
  const worker = { services: t.worker, env: { DOKPLOY_HOME_ID: "home" }, ports: { network } } as unknown as WorkerContext;

  expect(await removeUnusedNetwork(worker, name)).toBe(false);
  await team.ctx.team.update(apps, { deletedAt: team.ctx.now() }, undefined);
  const removal = removeUnusedNetwork(worker, name);
  await going.promise;
  // more than there are connections: those that wait hold none
  const waiting = Array.from({ length: 20 }, () => ensureNetwork(worker, place));
  expect(await team.ctx.team.list(apps)).toHaveLength(1);
  expect(seen).toEqual([`removing ${name}`]);
  gone.resolve();
  expect(await removal).toBe(true);
  await Promise.all(waiting);
  expect(seen).toEqual([`removing ${name}`, `removed ${name}`, ...waiting.map(() => `ensured ${name}`)]);
});
