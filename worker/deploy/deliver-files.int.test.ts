import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { appFiles, deployments, releases } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { actingFor, readAppPlace } from "../data";
import { forgetFiles } from "./deliver-files";
import { openConfig, sealConfig, snapshotConfig } from "./release-config";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

const LONG_AGO = 1;

async function appWithFiles() {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  const place = await readAppPlace(t.worker, app.id);
  if (!place) throw new Error("no application");
  const ctx = actingFor(t.worker, place);
  const set = async (content: string) => {
    await team.caller.apps.files.change({ app: app.id, set: [{ path: "/etc/a", content }], deploy: false });
    return snapshotConfig(ctx, place);
  };
  return { team, app, ctx, set };
}

test("versions that a retained release, a running deployment or the application names stay; the others go after an hour", async () => {
  const { team, app, ctx, set } = await appWithFiles();
  const [pruned, kept, running, unused] = [await set("1"), await set("2"), await set("3"), await set("4")];
  await set("5");
  const { id: deploymentId } = await team.caller.deployments.create({ app: app.id });
  const release = { appId: app.id, deploymentId, imageId: "sha256:1", createdAt: 1 };
  await ctx.team.insert(releases, { ...release, number: 1, config: sealConfig(ctx, app.id, pruned), prunedAt: 1 });
  await ctx.team.insert(releases, { ...release, number: 2, config: sealConfig(ctx, app.id, kept) });
  await ctx.team.update(deployments, { status: "running", results: { config: sealConfig(ctx, app.id, running) } }, eq(deployments.id, deploymentId));
  const ids = async () => (await ctx.team.list(appFiles, { where: eq(appFiles.appId, app.id) })).map((row) => row.id);
  const idOf = ({ files }: { files: { id: string }[] }) => files[0]?.id ?? "";

  await forgetFiles(ctx, app.id);
  expect(await ids()).toHaveLength(5);
  for (const one of [pruned, kept, running, unused]) await ctx.team.update(appFiles, { replacedAt: LONG_AGO }, eq(appFiles.id, idOf(one)));
  await forgetFiles(ctx, app.id);
  const left = await ids();
  expect(left).toHaveLength(3);
  expect(left).toEqual(expect.arrayContaining([idOf(kept), idOf(running)]));
});

test("a snapshot names files by their row and holds no content; the row is sealed", async () => {
  const { app, ctx, set } = await appWithFiles();
  const config = await set("a very particular sentence");
  expect(JSON.stringify(config)).not.toContain("particular");
  expect(openConfig(ctx, app.id, sealConfig(ctx, app.id, config)).files).toEqual(config.files);
  const [row] = await ctx.team.list(appFiles, { where: eq(appFiles.appId, app.id) });
  expect(Buffer.from(row?.content ?? "", "base64").toString()).not.toContain("particular");
  expect(row?.content).not.toContain(Buffer.from("a very particular sentence").toString("base64"));
});
