import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";

const ServerNow = createContext(0);
const subscribeNever = () => () => {};

/** False while the server's markup is being taken over, true afterwards. */
export const useHydrated = (): boolean =>
  useSyncExternalStore(
    subscribeNever,
    () => true,
    () => false,
  );

/** Gives the page the server's clock, so that first paint and takeover agree and a wrong local clock does no harm. */
export function ClockProvider({ now, children }: { now: number; children: ReactNode }) {
  return <ServerNow.Provider value={now}>{children}</ServerNow.Provider>;
}

/** The server's time in milliseconds, moving every `every` milliseconds; null stands still until the loaders run again. */
export function useNow(every: number | null): number {
  const served = useContext(ServerNow);
  const [ticked, setTicked] = useState<{ served: number; now: number } | null>(null);
  useEffect(() => {
    if (every === null) return;
    const begun = performance.now();
    const timer = setInterval(() => setTicked({ served, now: served + performance.now() - begun }), every);
    return () => clearInterval(timer);
  }, [every, served]);
  return ticked && ticked.served === served ? ticked.now : served;
}
