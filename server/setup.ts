import { text } from "node:stream/consumers";
import { and, eq } from "drizzle-orm";
import { z } from "zod";
import { apiTokens, apps, deployments, projects, users } from "../db/schema";
import { createUser, membershipsOf } from "./accounts/service";
import { createToken, identifyToken } from "./accounts/tokens";
import { findApp } from "./apps/find";
import { createApp, readApp } from "./apps/service";
import { contextOf, type Services, type TeamContext } from "./context";
import { FINAL_STATUSES } from "./deployments/schema";
import { acceptDeployment, trackedRef } from "./deployments/service";
import { readEnv } from "./env";
import { createProject } from "./projects/service";
import { createServices } from "./services";

const inputSchema = z.object({
  admin: z.object({ email: z.string(), password: z.string() }),
  token: z.string().nullish(),
  demo: z.object({ repository: z.string() }).nullish(),
  timeoutS: z.number().default(600),
});
const DEMO = { project: "demo", app: "hello" };

/** What `bin/up` asks for after the processes run: first administrator, a token, the demo. Running it again changes nothing. */
async function setUp(services: Services, input: z.infer<typeof inputSchema>) {
  const ctx = await ensureAdministrator(services, input.admin);
  const token = input.token && (await identifyToken(services, input.token)) ? input.token : await newToken(services, ctx, input.admin.email);
  return { token, demo: input.demo ? await ensureDemo(ctx, input.demo.repository, input.timeoutS) : null };
}

async function ensureAdministrator(services: Services, admin: { email: string; password: string }): Promise<TeamContext> {
  const [existing] = await services.db.select().from(users).where(eq(users.email, admin.email)).limit(1);
  const userId = existing?.id ?? (await createUser(services, { ...admin, name: "Administrator", isAdmin: true, teamName: "main" })).user.id;
  const [team] = await membershipsOf(services, userId);
  if (!team) throw new Error("The administrator belongs to no team.");
  return contextOf(services, team.teamId, team.wrappedKey, admin.email);
}

async function newToken(services: Services, ctx: TeamContext, email: string): Promise<string> {
  const [user] = await services.db.select().from(users).where(eq(users.email, email)).limit(1);
  if (!user) throw new Error("The administrator is gone.");
  await ctx.team.remove(apiTokens, eq(apiTokens.name, "bin/up"));
  return (await createToken(ctx, user.id, { name: "bin/up", scopes: ["*"] })).token;
}

async function ensureDemo(ctx: TeamContext, repository: string, timeoutS: number) {
  if (!(await ctx.team.first(projects, eq(projects.name, DEMO.project)))) await createProject(ctx, { name: DEMO.project });
  const existing = await ctx.team.first(apps, and(eq(apps.name, DEMO.app), eq(apps.gitUrl, repository)));
  const app =
    existing && existing.deletedAt === null
      ? await readApp(ctx, existing.id)
      : await createApp(ctx, { name: DEMO.app, project: DEMO.project, environment: "production", git: repository, branch: "main" });
  const placed = await findApp(ctx, app.id);
  let [deployment] = await ctx.team.list(deployments, { where: eq(deployments.appId, app.id), limit: 1 });
  if (placed.app.releaseId === null) {
    const accepted = await acceptDeployment(ctx, app.id, { kind: "code", trigger: "setup", ref: trackedRef(placed.app), receivedAt: ctx.now() });
    const ended = await untilEnded(ctx, accepted.id, timeoutS);
    if (ended.status !== "succeeded")
      throw new Error(`The demo did not go live: ${[ended.reason?.what, ended.reason?.why, ended.reason?.fix].filter(Boolean).join(" — ") || ended.status}`);
    deployment = ended;
  }
  return { app: app.id, url: app.url, deployment: deployment?.id ?? null };
}

async function untilEnded(ctx: TeamContext, id: string, timeoutS: number) {
  for (const deadline = Date.now() + timeoutS * 1000; Date.now() < deadline; ) {
    const row = await ctx.team.first(deployments, eq(deployments.id, id));
    if (row && (FINAL_STATUSES as readonly string[]).includes(row.status)) return row;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The demo is not live after ${timeoutS} s.`);
}

const services = await createServices(readEnv(), "setup");
try {
  const answer = await setUp(services, inputSchema.parse(JSON.parse(await text(process.stdin))));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await services.close();
}
