import { and, eq, isNotNull } from "drizzle-orm";
import { deployments } from "../../db/schema";
import type { DeploymentRow } from "../../server/deployments/view";
import type { WorkerContext } from "../context";
import { DeployError } from "../errors";
import { createIdleMemory } from "../idle-memory";
import { endDueBakes } from "./bake";
import { buildSlots } from "./build-place";
import { claimNext, fenced, giveUpLease, takeOverNext } from "./lease";
import { failClaimed, runDeployment, type Stops } from "./runner";

const SWEEP_MS = 2_000;
const MAX_RUNNING = 32;
/** A worker that is told to end has 10 s: what is nearly done is done, the rest is handed over. */
const FINISH_MS = 5_000;
const HAND_OVER_MS = 2_000;
const within = (ms: number, work: Promise<unknown>) => Promise.race([work, new Promise((resolve) => setTimeout(resolve, ms).unref())]);

export type Dispatcher = {
  /** Claims and starts whatever may start now. Called by a wake-up, by the end of a run, and by the sweep. */
  wake(): void;
  /** Somebody asked for a cancellation of an application's running deployment. */
  cancelled(appId: string): void;
  close(): Promise<void>;
};

/**
 * Runs the deployments that this worker holds. PostgreSQL is the queue: a wake-up that Redis loses costs at most a sweep.
 */
export function createDispatcher(worker: WorkerContext): Dispatcher {
  const running = new Map<string, { row: DeploymentRow; stops: Stops; done: Promise<void> }>();
  const building = new Set<string>();
  const { log } = worker.services;
  const memory = createIdleMemory(() => running.size === 0);
  let isClosing = false;
  let turn: Promise<void> = Promise.resolve();
  let isWaiting = false;

  const start = (row: DeploymentRow) => {
    const stops = { cancel: new AbortController(), lost: new AbortController() };
    if (row.kind === "code" || row.kind === "redeploy") building.add(row.id);
    const freeBuildSlot = () => {
      if (building.delete(row.id)) wake();
    };
    const done = runDeployment(worker, row, stops, freeBuildSlot)
      .catch(async (error: unknown) => {
        log.error({ err: error, deployment: row.id }, "run ended without a result");
        await failClaimed(worker, row, error);
      })
      .catch((error: unknown) => log.error({ err: error, deployment: row.id }, "the lease will lapse and be taken over"))
      .finally(() => {
        running.delete(row.id);
        building.delete(row.id);
        memory.ended();
        wake();
      });
    running.set(row.id, { row, stops, done });
  };

  const claimAll = async () => {
    isWaiting = false;
    try {
      for (
        let taken = await takeOverNext(worker.services, worker.workerId, new Set(running.keys()));
        taken && !isClosing;
        taken = await takeOverNext(worker.services, worker.workerId, new Set(running.keys()))
      ) {
        log.warn({ deployment: taken.id, epoch: taken.epoch }, "taking over");
        start(taken);
      }
      while (!isClosing && running.size < MAX_RUNNING) {
        const row = await claimNext(worker.services, worker.workerId, building.size < buildSlots(worker), worker.env.DOKPLOY_MOST_BUILDS);
        if (!row) return;
        start(row);
      }
    } catch (error) {
      log.warn({ err: error }, "claiming failed; the next sweep tries again");
    }
  };
  const wake = () => {
    if (isClosing || isWaiting) return;
    isWaiting = true;
    turn = turn.then(claimAll);
  };
  const sweep = setInterval(() => {
    wake();
    endDueBakes(worker).catch((error: unknown) => log.warn({ err: error }, "bakes not ended yet"));
  }, SWEEP_MS);

  return {
    wake,
    cancelled(appId) {
      for (const { row, stops } of running.values()) if (row.appId === appId) void askForCancel(worker, row, stops.cancel);
    },
    async close() {
      isClosing = true;
      clearInterval(sweep);
      memory.close();
      await turn;
      const allDone = () => Promise.all([...running.values()].map(({ done }) => done));
      await within(FINISH_MS, allDone());
      const left = [...running.values()];
      for (const { row, stops } of left) {
        log.info({ deployment: row.id }, "handed over");
        stops.lost.abort(fenced());
      }
      await within(HAND_OVER_MS, allDone());
      await Promise.allSettled(left.map(({ row }) => giveUpLease(worker.services, row)));
    },
  };
}

/** The message is only a hint: the row says whether this very deployment was meant. */
async function askForCancel(worker: WorkerContext, row: DeploymentRow, cancel: AbortController): Promise<void> {
  const [found] = await worker.services.db
    .select({ id: deployments.id })
    .from(deployments)
    .where(and(eq(deployments.id, row.id), isNotNull(deployments.cancelRequestedAt)));
  if (found) cancel.abort(new DeployError("cancelled", { what: "Cancelled." }));
}
