import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Services } from "../server/context";

/** Longer than what a sweep looks back, so that it finds what was done and does not do it again. */
const KEPT_S = 3_600;
const CONCURRENCY = 4;

type Job = { deployment: string; team: string };
export type OnceQueue = { add(job: Job): Promise<unknown>; close(): Promise<void> };

/**
 * Something that is told to the outside about a deployment, at least once: a job a deployment, tried again until `tell` resolves. A job
 * that is there already, done or not, is not queued again.
 * @param firstWaitMs before the second attempt; each later one waits twice as long
 */
export function createOnceQueue(
  { env, log }: Services,
  name: string,
  { attempts, firstWaitMs }: { attempts: number; firstWaitMs: number },
  tell: (job: Job) => Promise<void>,
): OnceQueue {
  const connect = () => new Redis(env.REDIS_URL, { maxRetriesPerRequest: null }).on("error", (error) => log.warn({ error: error.message }, "redis"));
  const [forQueue, forWorker] = [connect(), connect()];
  const prefix = `{${env.DOKPLOY_HOME_ID}}`;
  const queue = new Queue<Job>(name, {
    connection: forQueue,
    prefix,
    defaultJobOptions: { attempts, backoff: { type: "exponential", delay: firstWaitMs }, removeOnComplete: { age: KEPT_S }, removeOnFail: { age: KEPT_S } },
  });
  const worker = new Worker<Job>(name, async ({ data }) => tell(data), { connection: forWorker, prefix, concurrency: CONCURRENCY });
  const onError = (error: Error) => log.warn({ error: error.message }, name);
  queue.on("error", onError);
  worker.on("error", onError);
  worker.on("failed", (job, error) =>
    log.warn({ deployment: job?.data.deployment, attempt: job?.attemptsMade, error: error.message }, `${name}: not accepted`),
  );
  return {
    add: (job) => queue.add(name, job, { jobId: job.deployment }),
    async close() {
      await Promise.allSettled([worker.close(), queue.close()]);
      forQueue.disconnect();
      forWorker.disconnect();
    },
  };
}
