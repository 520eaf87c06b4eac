import { z } from "zod";
import { findApp } from "../apps/find";
import { appReference, pageFields } from "../inputs";
import { deploymentLog } from "../logs/codec";
import { readLines } from "../logs/read";
import { reads, router, writes } from "../trpc";
import { changesOf } from "./changes";
import { listReleases, usualSteps } from "./history";
import { offersFor, retryDeployment } from "./offers";
import { deployFields, deploySchema } from "./schema";
import { cancelDeployment, deploy, markDeployment, rollback } from "./service";
import { findDeployment, listDeployments, readDeployment, topSpansOf } from "./view";

const reference = z.object({ deployment: z.string().min(1).max(100) });
const rest = (method: "GET" | "POST", path: string, summary: string, status?: number) => ({ rest: { method, path, summary, ...(status ? { status } : {}) } });
const STATUSES = ["queued", "running", "succeeded", "failed", "cancelled", "superseded"] as const;

export const deploymentsRouter = router({
  create: writes
    .meta(rest("POST", "/apps/{app}/deployments", "Deploy an application", 202))
    .input(z.object({ app: z.string().min(1).max(200), ...deployFields }))
    .mutation(({ ctx, input }) => deploy(ctx, deploySchema.parse(input))),
  list: reads
    .meta(rest("GET", "/apps/{app}/deployments", "List an application's deployments"))
    .input(appReference.extend({ status: z.enum(STATUSES).optional(), ...pageFields }))
    .query(async ({ ctx, input }) =>
      listDeployments(ctx, { appId: (await findApp(ctx, input.app)).app.id, ...(input.status ? { status: input.status } : {}) }, input),
    ),
  listAll: reads
    .meta(rest("GET", "/deployments", "List the team's deployments"))
    .input(z.object({ status: z.enum(STATUSES).optional(), ...pageFields }).prefault({}))
    .query(({ ctx, input }) => listDeployments(ctx, input.status ? { status: input.status } : {}, input)),
  /** A page of deployments with their top-level spans, for tables that draw each run to time. */
  timeline: reads.input(appReference.extend(pageFields)).query(async ({ ctx, input }) => {
    const page = await listDeployments(ctx, { appId: (await findApp(ctx, input.app)).app.id }, input);
    const spans = await topSpansOf(
      ctx,
      page.items.map((one) => one.id),
    );
    return { items: page.items.map((one) => ({ ...one, spans: spans.get(one.id) ?? [] })), nextCursor: page.nextCursor };
  }),
  read: reads
    .meta(rest("GET", "/deployments/{deployment}", "Show a deployment with its spans"))
    .input(reference)
    .query(({ ctx, input }) => readDeployment(ctx, input.deployment)),
  mark: writes
    .meta(rest("POST", "/deployments/{deployment}/mark", "Say that a live deployment failed, or did not, and why"))
    .input(reference.extend({ failed: z.boolean().nullable(), reason: z.string().trim().min(1, "Say why: it is shown beside the figure.").max(1000) }))
    .mutation(({ ctx, input }) => markDeployment(ctx, input)),
  cancel: writes
    .meta(rest("POST", "/deployments/{deployment}/cancel", "Cancel a deployment"))
    .input(reference)
    .mutation(({ ctx, input }) => cancelDeployment(ctx, input.deployment)),
  logs: reads
    .meta(rest("GET", "/deployments/{deployment}/logs", "Read a deployment's log; as an event stream it follows"))
    .input(reference.extend({ from: z.coerce.number().int().min(1).default(1), limit: z.coerce.number().int().min(1).max(10_000).default(1000) }))
    .query(async ({ ctx, input }) => {
      const { deployment } = await findDeployment(ctx, input.deployment);
      const items = await readLines(ctx, deploymentLog(deployment.id), input.from, input.limit);
      return { items, nextCursor: items.length === input.limit ? String((items.at(-1)?.n ?? 0) + 1) : null };
    }),
  rollback: writes
    .meta(rest("POST", "/apps/{app}/rollback", "Deploy a retained release again", 202))
    .input(appReference.extend({ to: z.int().min(1).optional(), trigger: z.enum(["api", "cli", "page"]).default("api") }))
    .mutation(({ ctx, input }) => rollback(ctx, input)),
  releases: reads
    .meta(rest("GET", "/apps/{app}/releases", "List an application's releases"))
    .input(appReference)
    .query(async ({ ctx, input }) => ({ items: await listReleases(ctx, input.app), nextCursor: null })),
  usual: reads.input(appReference).query(async ({ ctx, input }) => usualSteps(ctx, (await findApp(ctx, input.app)).app.id)),
  /** What it changes against the release before. */
  changes: reads.input(reference).query(({ ctx, input }) => changesOf(ctx, input.deployment)),
  /** Which of cancel, retry and roll back apply to it now. */
  offers: reads.input(reference).query(({ ctx, input }) => offersFor(ctx, input.deployment)),
  retry: writes
    .input(reference.extend({ trigger: z.enum(["api", "cli", "page"]).default("api") }))
    .mutation(({ ctx, input }) => retryDeployment(ctx, input.deployment, input.trigger)),
});
