import { Queue, Worker } from "bullmq";
import { and, eq, gt } from "drizzle-orm";
import { Redis } from "ioredis";
import { deployments, noticeTargets, teams } from "../../db/schema";
import { contextOf, type Services } from "../../server/context";
import { noticeOf, sendNotice } from "../../server/notices/service";

const NOTICE_QUEUE = "notices";
/** With the doubling wait that follows: about 17 minutes of trying. */
const ATTEMPTS = 8;
const FIRST_WAIT_MS = 8_000;
const SWEEP_MS = 60_000;
const SWEPT_MICROS = 30 * 60 * 1_000_000;
/** Longer than what is swept, so that the sweep finds what was sent and does not send it again. */
const KEPT_S = 3_600;

export type Announcer = { failed(deployment: { id: string; teamId: string }): void; sweep(): Promise<void>; close(): Promise<void> };

/**
 * Tells teams of failed deployments, at least once: a job a deployment, tried again until it is accepted. What was not queued, because
 * the worker died in between, the sweep queues; a job that is there already, done or not, is not queued again.
 * @param firstWaitMs before the second attempt; each later one waits twice as long
 */
export function createAnnouncer(services: Services, { firstWaitMs = FIRST_WAIT_MS, attempts = ATTEMPTS } = {}): Announcer {
  const { env, log, db } = services;
  const connect = () => new Redis(env.REDIS_URL, { maxRetriesPerRequest: null }).on("error", (error) => log.warn({ error: error.message }, "redis"));
  const [forQueue, forWorker] = [connect(), connect()];
  const prefix = `{${env.DOKPLOY_HOME_ID}}`;
  const queue = new Queue<{ deployment: string; team: string }>(NOTICE_QUEUE, {
    connection: forQueue,
    prefix,
    defaultJobOptions: { attempts, backoff: { type: "exponential", delay: firstWaitMs }, removeOnComplete: { age: KEPT_S }, removeOnFail: { age: KEPT_S } },
  });
  const worker = new Worker<{ deployment: string; team: string }>(
    NOTICE_QUEUE,
    async ({ data }) => {
      const [team] = await db.select().from(teams).where(eq(teams.id, data.team));
      if (!team) return;
      const ctx = contextOf(services, team.id, team.wrappedKey, "worker");
      const notice = await noticeOf(ctx, data.deployment);
      const answer = notice && (await sendNotice(ctx, notice));
      if (answer && !answer.isAccepted) throw new Error(answer.answer);
    },
    { connection: forWorker, prefix, concurrency: 4 },
  );
  const onError = (error: Error) => log.warn({ error: error.message }, "notices");
  queue.on("error", onError);
  worker.on("error", onError);
  worker.on("failed", (job, error) => log.warn({ deployment: job?.data.deployment, attempt: job?.attemptsMade, error: error.message }, "notice not accepted"));

  const add = (deployment: string, team: string) => queue.add("failed", { deployment, team }, { jobId: deployment });
  const sweep = async () => {
    const since = services.clock() - SWEPT_MICROS;
    const missed = await db
      .select({ id: deployments.id, teamId: deployments.teamId })
      .from(deployments)
      .innerJoin(noticeTargets, and(eq(noticeTargets.teamId, deployments.teamId), gt(deployments.finishedAt, noticeTargets.createdAt)))
      .where(and(eq(deployments.status, "failed"), gt(deployments.createdAt, since)));
    await Promise.all(missed.map((one) => add(one.id, one.teamId)));
  };
  const safely = (work: Promise<unknown>) => void work.catch((error: unknown) => log.warn({ err: error }, "notice not queued; the next sweep tries again"));
  const timer = setInterval(() => safely(sweep()), SWEEP_MS);
  return {
    failed: ({ id, teamId }) => safely(add(id, teamId)),
    sweep,
    async close() {
      clearInterval(timer);
      await Promise.allSettled([worker.close(), queue.close()]);
      forQueue.disconnect();
      forWorker.disconnect();
    },
  };
}
