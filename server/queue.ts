import { Queue } from "bullmq";
import { Redis } from "ioredis";
import type { Log } from "./log";

export const DEPLOY_QUEUE = "deploy";
export const OPERATE_QUEUE = "operate";
/** The id of the wake-up that asks for branch heads to be compared. */
export const COMPARE_HEADS = "compare-heads";

/** Redis only wakes: a lost wake-up costs a few seconds until the sweeper finds the row, never the job. */
export type WorkQueue = {
  wakeDeployment(id: string): void;
  wakeOperation(id: string): void;
  /** Asks the workers to compare branch heads: pushes may have been missed. Rejects when Redis is away. */
  compareHeads(): Promise<unknown>;
  ready(): Promise<unknown>;
  close(): Promise<void>;
};

/** @param prefix keeps homes that share one Redis apart */
export function createWorkQueue(redisUrl: string, prefix: string, log: Log): WorkQueue {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null, enableOfflineQueue: false, lazyConnect: false });
  connection.on("error", (error) => log.warn({ error: error.message }, "queue connection"));
  const options = { connection, prefix: `{${prefix}}`, defaultJobOptions: { removeOnComplete: true, removeOnFail: true } };
  const deploy = new Queue(DEPLOY_QUEUE, options);
  const operate = new Queue(OPERATE_QUEUE, options);
  for (const queue of [deploy, operate]) queue.on("error", (error) => log.warn({ error: error.message }, "queue"));

  const unsent = new Map<Queue, string>();
  const sending = new Set<Queue>();
  /** A wake-up says that there is something, not what: those that come while one is on its way are one. */
  const wake = (queue: Queue, id: string) => {
    unsent.set(queue, id);
    if (!sending.has(queue)) void send(queue);
  };
  const send = async (queue: Queue) => {
    sending.add(queue);
    for (let id = unsent.get(queue); id !== undefined; id = unsent.get(queue)) {
      unsent.delete(queue);
      await queue.add("wake", { id }).catch((error: Error) => log.warn({ error: error.message, id }, "wake-up lost; the sweeper will find the row"));
    }
    sending.delete(queue);
  };
  return {
    wakeDeployment: (id) => wake(deploy, id),
    wakeOperation: (id) => wake(operate, id),
    compareHeads: () => operate.add("wake", { id: COMPARE_HEADS }),
    ready: () => operate.waitUntilReady(),
    async close() {
      await Promise.allSettled([deploy.close(), operate.close()]);
      connection.disconnect();
    },
  };
}
