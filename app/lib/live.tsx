import { useNavigation, useRevalidator } from "@remix-run/react";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { LogLine } from "../../server/logs/codec";
import { LiveHub, type LiveState, type TeamNews } from "./live-hub";

export const REVALIDATE_AFTER_MS = 100;
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

/** Runs the loaders again when something of the team has changed, but for what only some pages show. */
export const useTeamEvents = (): void => useRevalidation(concernsAll);
const concernsAll = ({ events, reset }: TeamNews) => reset === true || events.some((event) => event.type !== "usage");

/** Runs the loaders again when more of what is used was seen, at most every `seconds`: a chart has no new point before. */
export function useUsageEvents(seconds: number): void {
  const last = useRef(Number.NEGATIVE_INFINITY);
  const isDue = useCallback(
    ({ events }: TeamNews) => {
      const now = performance.now();
      if (!events.some((event) => event.type === "usage") || now - last.current < (seconds - EARLY_S) * 1000) return false;
      last.current = now;
      return true;
    },
    [seconds],
  );
  useRevalidation(isDue);
}
/** Looks are ten seconds apart, give or take. */
const EARLY_S = 2;

/**
 * Many changes at once count as one. While loaders run already, the wish waits for their end: a second run would only abort the first.
 * @param isMeant whether the page shows what has changed; the same function from render to render
 */
function useRevalidation(isMeant: (news: TeamNews) => boolean): void {
  const hub = useHub();
  const { revalidate, state } = useRevalidator();
  const isIdle = useNavigation().state === "idle" && state === "idle";
  const [wishes, setWishes] = useState({ made: 0, served: 0 });

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const stop = hub.watchTeam((news) => {
      if (!isMeant(news)) return;
      timer ??= setTimeout(() => {
        timer = null;
        setWishes(({ made, served }) => ({ made: made + 1, served }));
      }, REVALIDATE_AFTER_MS);
    });
    return () => {
      stop();
      if (timer) clearTimeout(timer);
    };
  }, [hub, isMeant]);

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
