import { and, eq, gt } from "drizzle-orm";
import { deployments, noticeTargets, teams } from "../../db/schema";
import { contextOf, type Services } from "../../server/context";
import { noticeOf, sendNotice } from "../../server/notices/service";
import { createOnceQueue } from "../once-queue";

const NOTICE_QUEUE = "notices";
/** With the doubling wait that follows: about 17 minutes of trying. */
const ATTEMPTS = 8;
const FIRST_WAIT_MS = 8_000;
const SWEEP_MS = 60_000;
const SWEPT_MICROS = 30 * 60 * 1_000_000;

export type Announcer = { failed(deployment: { id: string; teamId: string }): void; sweep(): Promise<void>; close(): Promise<void> };

/**
 * Tells teams of failed deployments, at least once. What was not queued, because the worker died in between, the sweep queues.
 * @param firstWaitMs before the second attempt; each later one waits twice as long
 */
export function createAnnouncer(services: Services, { firstWaitMs = FIRST_WAIT_MS, attempts = ATTEMPTS } = {}): Announcer {
  const { log, db } = services;
  const queue = createOnceQueue(services, NOTICE_QUEUE, { attempts, firstWaitMs }, async (job) => {
    const [team] = await db.select().from(teams).where(eq(teams.id, job.team));
    if (!team) return;
    const ctx = contextOf(services, team.id, team.wrappedKey, "worker");
    const notice = await noticeOf(ctx, job.deployment);
    const answer = notice && (await sendNotice(ctx, notice));
    if (answer && !answer.isAccepted) throw new Error(answer.answer);
  });
  const add = (deployment: string, team: string) => queue.add({ deployment, team });
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
      await queue.close();
    },
  };
}
