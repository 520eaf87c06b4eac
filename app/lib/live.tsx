import { useNavigation, useRevalidator } from "@remix-run/react";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { LogLine } from "../../server/logs/codec";
import { LiveHub, type LiveState } from "./live-hub";

const REVALIDATE_AFTER_MS = 100;
const Hub = createContext<LiveHub | null>(null);

/** One event stream a tab; the client for it is fetched after the first paint. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [hub] = useState(() => new LiveHub(() => import("./live-client")));
  useQuietAborts();
  return <Hub.Provider value={hub}>{children}</Hub.Provider>;
}

function useHub(): LiveHub {
  const hub = useContext(Hub);
  if (!hub) throw new Error("There is no live provider above this component.");
  return hub;
}

export function useLiveState(): LiveState {
  const hub = useHub();
  return useSyncExternalStore(
    (listener) => hub.observe(listener),
    () => hub.state,
    () => "connecting",
  );
}

/**
 * Runs the loaders again when something of the team has changed; many changes at once count as one. While loaders run already,
 * the wish waits for their end: a second run would only abort the first.
 */
export function useTeamEvents(): void {
  const hub = useHub();
  const { revalidate, state } = useRevalidator();
  const isIdle = useNavigation().state === "idle" && state === "idle";
  const [wishes, setWishes] = useState({ made: 0, served: 0 });

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const stop = hub.watchTeam(() => {
      timer ??= setTimeout(() => {
        timer = null;
        setWishes(({ made, served }) => ({ made: made + 1, served }));
      }, REVALIDATE_AFTER_MS);
    });
    return () => {
      stop();
      if (timer) clearTimeout(timer);
    };
  }, [hub]);

  useEffect(() => {
    if (!isIdle || wishes.made === wishes.served) return;
    setWishes(({ made }) => ({ made, served: made }));
    revalidate();
  }, [isIdle, wishes, revalidate]);
}

/** A load that was abandoned for a newer one is no error: the router's own abort is not reported as one. */
function useQuietAborts(): void {
  useEffect(() => {
    const onRejection = (event: PromiseRejectionEvent) => {
      if (event.reason instanceof DOMException && event.reason.name === "AbortError") event.preventDefault();
    };
    window.addEventListener("unhandledrejection", onRejection);
    return () => window.removeEventListener("unhandledrejection", onRejection);
  }, []);
}

/** A deployment's lines: those that the page came with, and what follows. */
export const useDeploymentLog = (id: string, first: LogLine[]): LogLine[] => useLog("deployment-log", id, first);
/** An application's lines: the tail that the page came with, and what follows. */
export const useAppLog = (id: string, first: LogLine[]): LogLine[] => useLog("app-log", id, first);

function useLog(kind: "deployment-log" | "app-log", id: string, first: LogLine[]): LogLine[] {
  const hub = useHub();
  const [log, setLog] = useState({ id, lines: first });
  const begun = useRef(first);
  const shown = useRef(id);
  if (shown.current !== id) {
    shown.current = id;
    begun.current = first;
    setLog({ id, lines: first });
  }
  useEffect(() => {
    const own = begun.current;
    const last = own.at(-1)?.n;
    const next = last !== undefined ? last + 1 : kind === "deployment-log" ? 1 : null;
    let waiting: LogLine[] = [];
    let frame = 0;
    const flush = () => {
      frame = 0;
      const arrived = waiting;
      waiting = [];
      setLog((before) => (before.id === id ? { id, lines: before.lines.concat(arrived) } : before));
    };
    setLog({ id, lines: own });
    const stop = hub.watchLog(kind, id, next, (lines) => {
      waiting.push(...lines);
      frame ||= requestAnimationFrame(flush);
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [hub, kind, id]);
  return log.lines;
}
