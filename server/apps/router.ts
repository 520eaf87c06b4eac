import { z } from "zod";
import { requireScope } from "../context";
import { filesRouter } from "../files/router";
import { appReference, flag, pageFields, pageOf } from "../inputs";
import { findProject } from "../projects/service";
import { reads, router, writes } from "../trpc";
import { deleteApp, operateApp } from "./operate";
import { appsOverview } from "./overview";
import { createAppSchema, replicasSchema, updateAppSchema, variableKeySchema, variableSchema } from "./schema";
import { createApp, listApps, readApp, rotateWebhookSecret, updateApp } from "./service";
import { changeVariables, listVariables, parseDotenv } from "./variables";

const rest = (method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE", path: string, summary: string, status?: number) => ({
  rest: { method, path, summary, ...(status ? { status } : {}) },
});
const trigger = z.enum(["api", "cli", "page"]).default("api");
const changeSchema = appReference.extend({
  set: z.array(variableSchema).max(500).default([]),
  unset: z.array(variableKeySchema).max(500).default([]),
  deploy: z.boolean().default(true),
  trigger,
});
const importSchema = appReference.extend({
  text: z.string().max(1_000_000),
  secret: z.boolean().default(false),
  replace: z.boolean().default(false),
  deploy: z.boolean().default(true),
  trigger,
});

export const appsRouter = router({
  files: filesRouter,
  create: writes
    .meta(rest("POST", "/apps", "Create an application", 201))
    .input(createAppSchema)
    .mutation(({ ctx, input }) => createApp(ctx, input)),
  list: reads
    .meta(rest("GET", "/apps", "List applications"))
    .input(z.object({ project: z.string().max(100).optional(), ...pageFields }).prefault({}))
    .query(async ({ ctx, input }) => pageOf(await listApps(ctx, input), input)),
  /** For tables of applications: each with its newest deployment. */
  overview: reads
    .input(z.object({ project: z.string().max(100).optional() }).prefault({}))
    .query(async ({ ctx, input }) => appsOverview(ctx, input.project === undefined ? undefined : (await findProject(ctx, input.project)).id)),
  read: reads
    .meta(rest("GET", "/apps/{app}", "Show an application"))
    .input(appReference.extend({ reveal: flag.default(false) }))
    .query(({ ctx, input }) => {
      if (input.reveal) requireScope(ctx.identity.actor, "write");
      return readApp(ctx, input.app, input.reveal);
    }),
  update: writes
    .meta(rest("PATCH", "/apps/{app}", "Change an application's settings"))
    .input(appReference.extend({ settings: updateAppSchema }))
    .mutation(({ ctx, input }) => updateApp(ctx, input.app, input.settings)),
  delete: writes
    .meta(rest("DELETE", "/apps/{app}", "Delete an application"))
    .input(appReference)
    .mutation(({ ctx, input }) => deleteApp(ctx, input.app)),
  start: writes
    .meta(rest("POST", "/apps/{app}/start", "Start a stopped application"))
    .input(appReference)
    .mutation(({ ctx, input }) => operateApp(ctx, input.app, "start")),
  stop: writes
    .meta(rest("POST", "/apps/{app}/stop", "Stop an application"))
    .input(appReference)
    .mutation(({ ctx, input }) => operateApp(ctx, input.app, "stop")),
  restart: writes
    .meta(rest("POST", "/apps/{app}/restart", "Restart an application's tasks"))
    .input(appReference)
    .mutation(({ ctx, input }) => operateApp(ctx, input.app, "restart")),
  scale: writes
    .meta(rest("POST", "/apps/{app}/scale", "Change the number of replicas"))
    .input(appReference.extend({ replicas: replicasSchema }))
    .mutation(({ ctx, input }) => operateApp(ctx, input.app, "scale", { replicas: input.replicas })),
  rotateWebhook: writes
    .meta(rest("POST", "/apps/{app}/webhook/rotate", "Replace the webhook secret"))
    .input(appReference)
    .mutation(({ ctx, input }) => rotateWebhookSecret(ctx, input.app)),
  variables: reads
    .meta(rest("GET", "/apps/{app}/variables", "List environment variables"))
    .input(appReference.extend({ reveal: flag.default(false) }))
    .query(async ({ ctx, input }) => {
      if (input.reveal) requireScope(ctx.identity.actor, "write");
      return { items: await listVariables(ctx, input.app, input.reveal), nextCursor: null };
    }),
  changeVariables: writes
    .meta(rest("PATCH", "/apps/{app}/variables", "Set and remove environment variables, in one deployment"))
    .input(changeSchema)
    .mutation(({ ctx, input }) => changeVariables(ctx, input.app, input)),
  importVariables: writes
    .meta(rest("POST", "/apps/{app}/variables/import", "Set variables from .env text"))
    .input(importSchema)
    .mutation(({ ctx, input }) => {
      const set = parseDotenv(input.text).map(({ key, value }) => variableSchema.parse({ key, value, ...(input.secret ? { secret: true } : {}) }));
      return changeVariables(ctx, input.app, { ...input, set, unset: [] });
    }),
});
