import { createTRPCClient, httpSubscriptionLink } from "@trpc/client";
import superjson from "superjson";
import type { Channel, LiveMessage } from "../../server/live/router";
import type { LogLine } from "../../server/logs/codec";
import type { AppRouter } from "../../server/router";

/** A message as the page takes it: lines are lines again. */
export type News = Exclude<LiveMessage, { json: string }> | { channel: "deployment-log" | "app-log"; id: string; lines: LogLine[] };
const toNews = (message: LiveMessage): News =>
  "json" in message ? { channel: message.channel, id: message.id, lines: JSON.parse(message.json) as LogLine[] } : message;

type Handlers = { onMessages(messages: News[]): void; onOpen(): void; onLost(): void };

const client = createTRPCClient<AppRouter>({ links: [httpSubscriptionLink({ url: "/api/trpc", transformer: superjson })] });

/** Opens the tab's one event stream. `onLost` is said once; whoever opened it opens the next one, with the positions of then. */
export function watch(channels: Channel[], handlers: Handlers): () => void {
  let isOver = false;
  const lost = () => {
    if (isOver) return;
    isOver = true;
    subscription.unsubscribe();
    handlers.onLost();
  };
  const subscription = client.live.watch.subscribe(
    { channels },
    {
      onStarted: handlers.onOpen,
      onData: (messages) => {
        if (!isOver) handlers.onMessages(messages.map(toNews));
      },
      onConnectionStateChange: (change) => {
        if (change.state === "connecting" && change.error) queueMicrotask(lost);
      },
      onComplete: () => queueMicrotask(lost),
      onError: () => queueMicrotask(lost),
    },
  );
  return () => {
    isOver = true;
    subscription.unsubscribe();
  };
}
