import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apps, deployments, releases } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { sweepRegistry } from "./sweep-registry";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

/** A registry in memory: what each tag of a repository names. */
function registryOf(content: Record<string, Record<string, string>>) {
  const registryImages = {
    repositories: async () => Object.keys(content),
    tags: async (name: string) => Object.keys(content[name] ?? {}),
    digestOf: async (name: string, tag: string) => content[name]?.[tag] ?? null,
    remove: async (name: string, digest: string) => {
      for (const [tag, held] of Object.entries(content[name] ?? {})) if (held === digest) delete content[name]?.[tag];
    },
  };
  return { content, sweep: (agent: string | null = null) => sweepRegistry({ services: t.worker, ports: { registryImages }, agents: { image: () => agent } }) };
}

test("what a release keeps stays, under whichever tag it was pushed; all else of the application goes, unless something is under way", async () => {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  const [row] = await t.worker.db.select().from(apps).where(eq(apps.id, app.id));
  if (!row) throw new Error("the application is not there");
  const { teamId, projectId, environmentId } = row;
  const [kept, pruned, carried, back] = await Promise.all(
    [1, 2, 3, 4].map(async (number) => {
      const now = t.worker.clock();
      const [made] = await t.worker.db
        .insert(deployments)
        .values({
          teamId,
          projectId,
          environmentId,
          appId: app.id,
          number,
          kind: "code",
          trigger: "api",
          actor: "test",
          strategy: "blue-green",
          status: "succeeded",
          acceptedAt: now,
          createdAt: now,
        })
        .returning({ id: deployments.id });
      return made?.id ?? "";
    }),
  );
  const release = (deploymentId: string | undefined, number: number, imageDigest: string | null, prunedAt: number | null = null) => ({
    teamId,
    appId: app.id,
    number,
    deploymentId: deploymentId ?? "",
    imageId: `sha256:${number}`,
    imageDigest,
    port: 3000,
    config: "sealed",
    createdAt: t.worker.clock(),
    prunedAt,
  });
  const name = (digest: string) => `127.0.0.1:5000/${app.id}@${digest}`;
  await t.worker.db.insert(releases).values([
    release(kept, 1, name("sha256:aa"), t.worker.clock()),
    release(pruned, 2, name("sha256:bb"), t.worker.clock()),
    release(carried, 3, null), // pushed a moment ago, and not yet in its row
    release(back, 4, name("sha256:aa")), // went back to the first one's image
  ]);
  const first = { [kept ?? ""]: "sha256:aa", [pruned ?? ""]: "sha256:bb", [carried ?? ""]: "sha256:cc", gone: "sha256:dd" };
  const registry = registryOf({ [app.id]: { ...first }, "somebody/else": { latest: "sha256:ee" }, "dokploy-agent": { old: "sha256:01", new: "sha256:02" } });

  await t.worker.db
    .update(deployments)
    .set({ status: "running" })
    .where(eq(deployments.id, back ?? ""));
  expect(await registry.sweep()).toBe(0);
  await t.worker.db
    .update(deployments)
    .set({ status: "succeeded" })
    .where(eq(deployments.id, back ?? ""));
  expect(await registry.sweep("127.0.0.1:5000/dokploy-agent@sha256:02")).toBe(3);
  expect(registry.content).toEqual({
    [app.id]: { [kept ?? ""]: "sha256:aa", [carried ?? ""]: "sha256:cc" },
    "somebody/else": { latest: "sha256:ee" },
    "dokploy-agent": { new: "sha256:02" },
  });
  expect(await registry.sweep("127.0.0.1:5000/dokploy-agent@sha256:02")).toBe(0);

  await t.worker.db.update(apps).set({ deletedAt: t.worker.clock() }).where(eq(apps.id, app.id));
  expect(await registry.sweep()).toBe(2);
  expect(registry.content[app.id]).toEqual({});
});
