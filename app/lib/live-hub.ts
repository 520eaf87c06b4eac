import type { Channel } from "../../server/live/router";
import type { LogLine } from "../../server/logs/codec";
import type { News } from "./live-client";
import { continueLines } from "./live-lines";

export type LiveState = "connecting" | "open" | "lost";
type LogKind = "deployment-log" | "app-log";
type LogWatch = { kind: LogKind; id: string; next: number | null; onLines: (lines: LogLine[]) => void };
/** What the team's channel tells; `reset` when anything may have changed. */
export type TeamNews = Extract<News, { channel: "team" }>;
type Watch = typeof import("./live-client").watch;

const SETTLE_MS = 20;
const RETRY_MS = [250, 1000, 2000, 5000];

/**
 * One event stream for everything that the page shows. When the set of channels changes or the connection is lost, the stream is
 * opened again with the line numbers reached by then; a new stream is settled a moment, so that one render opens one.
 */
export class LiveHub {
  private readonly logs = new Set<LogWatch>();
  private readonly teams = new Set<(news: TeamNews) => void>();
  private readonly observers = new Set<() => void>();
  private close: (() => void) | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private generation = 0;
  private failures = 0;
  state: LiveState = "connecting";

  constructor(private readonly loadClient: () => Promise<{ watch: Watch }>) {}

  /** However many watch it, the team is one channel: the stream is opened anew for the first and the last of them only. */
  watchTeam(onEvents: (news: TeamNews) => void): () => void {
    this.teams.add(onEvents);
    if (this.teams.size === 1) this.reopen();
    return () => {
      this.teams.delete(onEvents);
      if (this.teams.size === 0) this.reopen();
    };
  }

  /** @param next the first line that is wanted; null for what comes from now on */
  watchLog(kind: LogKind, id: string, next: number | null, onLines: (lines: LogLine[]) => void): () => void {
    const watch: LogWatch = { kind, id, next, onLines };
    this.logs.add(watch);
    this.reopen();
    return () => {
      this.logs.delete(watch);
      this.reopen();
    };
  }

  observe(listener: () => void): () => void {
    this.observers.add(listener);
    return () => this.observers.delete(listener);
  }

  private channels(): Channel[] {
    const logs = [...this.logs].map(
      ({ kind, id, next }): Channel => (kind === "deployment-log" ? { kind, id, from: next ?? 1 } : { kind, id, from: next ?? 0 }),
    );
    return [...(this.teams.size > 0 ? [{ kind: "team" } as const] : []), ...logs];
  }

  private reopen(after = SETTLE_MS): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.open(), after);
  }

  private async open(): Promise<void> {
    this.timer = null;
    this.close?.();
    this.close = null;
    const generation = ++this.generation;
    if (this.channels().length === 0) return;
    try {
      const { watch } = await this.loadClient();
      if (generation !== this.generation) return;
      this.close = watch(this.channels(), {
        onOpen: () => this.become("open"),
        onMessages: (messages) => {
          this.failures = 0;
          this.take(messages);
        },
        onLost: () => this.lose(generation),
      });
    } catch (error) {
      console.warn("The live connection could not be opened; it will be tried again.", error);
      this.lose(generation);
    }
  }

  private lose(generation: number): void {
    if (generation !== this.generation) return;
    this.close = null;
    this.become("lost");
    this.reopen(RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]);
  }

  private become(state: LiveState): void {
    if (this.state === state) return;
    this.state = state;
    for (const observer of this.observers) observer();
  }

  private take(messages: News[]): void {
    for (const message of messages) {
      if (message.channel === "ready") continue;
      if (message.channel === "team") {
        for (const onEvents of this.teams) onEvents(message);
        continue;
      }
      for (const watch of this.logs) {
        if (watch.kind !== message.channel || watch.id !== message.id) continue;
        const { fresh, next, hole } = continueLines(watch.next, message.lines);
        watch.next = next;
        if (fresh.length > 0) watch.onLines(fresh);
        if (hole) this.reopen();
      }
    }
  }
}
