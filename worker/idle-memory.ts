/** After the last run this long: another one is likely to follow at once. */
const QUIET_MS = 10_000;

/**
 * Gives memory back when work has ended: the engine collects the whole heap when it has grown by half, which an idle process may never
 * do, so that what deployments left stays resident for good (measured: 129 MiB of the worker became 106). It costs some 60 ms, once after
 * work, when nothing runs.
 * @param isIdle whether nothing runs @param collect V8's own collection; absent without `--expose-gc`
 */
export function createIdleMemory(
  isIdle: () => boolean,
  collect = (globalThis as { gc?: () => void }).gc,
  quietMs = QUIET_MS,
): { ended(): void; close(): void } {
  let timer: NodeJS.Timeout | null = null;
  const look = () => {
    timer = null;
    if (isIdle()) collect?.();
  };
  return {
    ended() {
      if (timer) clearTimeout(timer);
      timer = setTimeout(look, quietMs);
      timer.unref();
    },
    close() {
      if (timer) clearTimeout(timer);
    },
  };
}
