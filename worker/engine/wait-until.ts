import { DeployError } from "../errors";

/** Tells a waiter that something may have changed; answers how to stop being told. */
export type Wake = (onChange: () => void) => () => void;

/** Swarm stores a task's state up to 100 ms after its container's event and tells nobody: right after an event it is asked often, else seldom. */
const AFTER_EVENT_MS = 20;
const AFTER_EVENT_FOR_MS = 600;
const IDLE_MS = 250;

export const cancelled = (reason?: unknown) => new DeployError("cancelled", { what: "Cancelled" }, { cause: reason });

/**
 * Asks `check` until it answers something other than undefined: at once, on each wake, and between wakes at a bounded rate.
 * One question is open at a time.
 * @param options.timeoutMs after which `onTimeout` decides what is thrown; without it the wait is endless
 * @throws DeployError `cancelled` on abort, whatever `check` throws, and the error of `onTimeout`
 */
export async function waitUntil<T>(options: {
  check: () => Promise<T | undefined>;
  wake: Wake;
  signal: AbortSignal;
  timeoutMs?: number;
  onTimeout?: () => Promise<Error> | Error;
}): Promise<T> {
  const { check, wake, signal, timeoutMs, onTimeout } = options;
  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  let busyUntil = performance.now() + AFTER_EVENT_FOR_MS;
  let isWoken = false;
  let resume: () => void = () => {};
  const onWake = () => {
    isWoken = true;
    busyUntil = performance.now() + AFTER_EVENT_FOR_MS;
    resume();
  };
  const stop = wake(onWake);
  signal.addEventListener("abort", onWake, { once: true });
  try {
    for (;;) {
      if (signal.aborted) throw cancelled(signal.reason);
      isWoken = false;
      const answer = await check();
      if (answer !== undefined) return answer;
      const now = performance.now();
      if (now >= deadline) throw (await onTimeout?.()) ?? new DeployError("timed_out", { what: `Nothing happened within ${timeoutMs} ms` });
      if (isWoken) continue;
      const pause = Math.min(now < busyUntil ? AFTER_EVENT_MS : IDLE_MS, deadline - now);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        resume = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    stop();
    signal.removeEventListener("abort", onWake);
  }
}
