import { and, eq, gt, inArray } from "drizzle-orm";
import { apps, deployments, environments, projects, spans, teams } from "../../db/schema";
import { contextOf, type Services, type TeamContext } from "../../server/context";
import { type DeploymentOutcome, FINAL_STATUSES } from "../../server/deployments/schema";
import { BAKE } from "../../server/streams/definitions";
import { createOnceQueue } from "../once-queue";
import type { EndedRun } from "./run-trace";

const QUEUE = "telemetry";
/** With the doubling wait that follows: about an hour of trying. */
const RETRY = { attempts: 10, firstWaitMs: 8_000 };
const SWEEP_MS = 60_000;
const SWEPT_MICROS = 30 * 60 * 1_000_000;

export type RunExporter = { ended(deployment: { id: string; teamId: string }): void; sweep(): Promise<void>; close(): Promise<void> };
type Settings = { firstWaitMs: number; attempts: number };

/** Whether an endpoint is named, by OpenTelemetry's own variables (opentelemetry.io, OTLP Exporter Configuration). */
export const isTelemetryOn = (env: NodeJS.ProcessEnv): boolean => Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT);

/**
 * Sends each deployment that ended as a trace by OTLP/HTTP, at least once, where an endpoint is named; its ids make it the same trace
 * when it comes twice. Endpoint, headers, certificate and time-out are read by the exporter from OpenTelemetry's variables.
 */
export function createRunExporter(services: Services, settings: Settings = RETRY): RunExporter {
  const { db, log } = services;
  let exporting: ReturnType<typeof openExporter> | undefined;
  const queue = createOnceQueue(services, QUEUE, settings, async (job) => {
    const [team] = await db.select().from(teams).where(eq(teams.id, job.team));
    const run = team ? await readRun(contextOf(services, team.id, team.wrappedKey, "worker"), job.deployment) : null;
    if (!run) return;
    exporting ??= openExporter();
    await (await exporting).send(run);
  });
  const add = (deployment: string, team: string) => queue.add({ deployment, team });
  const sweep = async () => {
    const ended = await db
      .select({ id: deployments.id, teamId: deployments.teamId })
      .from(deployments)
      .where(and(inArray(deployments.status, FINAL_STATUSES), eq(deployments.imported, false), gt(deployments.createdAt, services.clock() - SWEPT_MICROS)));
    await Promise.all(ended.map((one) => add(one.id, one.teamId)));
  };
  const safely = (work: Promise<unknown>) => void work.catch((error: unknown) => log.warn({ err: error }, "trace not queued; the next sweep tries again"));
  const timer = setInterval(() => safely(sweep()), SWEEP_MS);
  return {
    ended: ({ id, teamId }) => safely(add(id, teamId)),
    sweep,
    async close() {
      clearInterval(timer);
      await queue.close();
      await (await exporting)?.close();
    },
  };
}

/** Loaded when there is something to send: nobody without an endpoint carries the library. */
async function openExporter() {
  const [{ OTLPTraceExporter }, { resourceFromAttributes }, { runTrace }] = await Promise.all([
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
    import("./run-trace"),
  ]);
  const exporter = new OTLPTraceExporter();
  const resource = resourceFromAttributes({ "service.name": "dokploy" });
  return {
    send: (run: EndedRun) =>
      new Promise<void>((resolve, reject) =>
        exporter.export(runTrace(run, resource), ({ code, error }) => (code === 0 ? resolve() : reject(error ?? new Error("The trace was not accepted.")))),
      ),
    close: () => exporter.shutdown(),
  };
}

/** What is told of a deployment; null for one that is gone. Its bake lies after the end. */
async function readRun(ctx: TeamContext, id: string): Promise<EndedRun | null> {
  return ctx.team.transaction(async (rows) => {
    const [[found], steps] = await Promise.all([
      rows.query((db, own) =>
        db
          .select({ deployment: deployments, app: apps.name, gitUrl: apps.gitUrl, project: projects.name, environment: environments.name })
          .from(deployments)
          .innerJoin(apps, own(apps, eq(apps.id, deployments.appId)))
          .innerJoin(projects, own(projects, eq(projects.id, deployments.projectId)))
          .innerJoin(environments, own(environments, eq(environments.id, deployments.environmentId)))
          .where(own(deployments, eq(deployments.id, id))),
      ),
      rows.list(spans, { where: and(eq(spans.subject, id), eq(spans.stream, "deployment")), orderBy: spans.startedAt }),
    ]);
    if (!found) return null;
    const { deployment, ...names } = found;
    const { finishedAt, outcome, reason } = deployment;
    if (finishedAt === null || outcome === null) return null;
    return {
      ...deployment,
      ...names,
      finishedAt,
      outcome: outcome as DeploymentOutcome,
      errorCode: reason?.code ?? null,
      url: `${ctx.services.env.DOKPLOY_PUBLIC_URL}/deployments/${id}`,
      spans: steps.filter((span) => span.step !== BAKE),
    };
  });
}
