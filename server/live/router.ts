import { z } from "zod";
import { findApp } from "../apps/find";
import type { TeamContext } from "../context";
import { isFinal } from "../deployments/schema";
import { findDeployment } from "../deployments/view";
import { appLog, deploymentLog } from "../logs/codec";
import { followBatches, type LineBatch } from "../logs/follow";
import { lastLine } from "../logs/read";
import { reads, router } from "../trpc";
import { type LiveEvent, teamStream } from "./events";

const channelSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("team") }),
  z.object({ kind: z.literal("deployment-log"), id: z.uuid(), from: z.int().min(1).default(1) }),
  z.object({ kind: z.literal("app-log"), id: z.uuid(), from: z.int().min(0).default(0) }),
]);
export type Channel = z.infer<typeof channelSchema>;
export type LiveMessage =
  | { channel: "team"; events: LiveEvent[]; reset?: boolean }
  /** Lines as a JSON array: text goes through the link's own serialization unread, which tens of thousands of objects a second do not. */
  | { channel: "deployment-log" | "app-log"; id: string; json: string }
  | { channel: "ready" };

/** Resolves when the tab has taken enough of what waits for it: whoever reads a log on its behalf reads no further until then. */
type Push = (message: LiveMessage) => Promise<void>;
const MAX_WAITING = 4;

/**
 * The one subscription of a browser tab: it carries every channel that the page shows, because a browser opens six connections
 * to a host at most. A log channel resumes at a line number, so that a reconnection neither loses nor repeats a line.
 */
export const liveRouter = router({
  watch: reads.input(z.object({ channels: z.array(channelSchema).max(20) })).subscription(async function* ({ ctx, input, signal }) {
    const ended = signal ?? new AbortController().signal;
    const messages: LiveMessage[] = [{ channel: "ready" }];
    let wake: () => void = () => {};
    let hasRoom: () => void = () => {};
    const push: Push = (message) => {
      messages.push(message);
      wake();
      return messages.length < MAX_WAITING || ended.aborted
        ? Promise.resolve()
        : new Promise((resolve) => {
            const others = hasRoom;
            hasRoom = () => {
              others();
              resolve();
            };
          });
    };
    const stops = input.channels.map((channel) => openChannel(ctx, channel, ended, push));
    ended.addEventListener("abort", () => wake());
    try {
      while (!ended.aborted) {
        const next = messages.splice(0);
        if (next.length > 0) {
          yield next;
          hasRoom();
          hasRoom = () => {};
        } else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      for (const stop of stops) stop();
      hasRoom();
    }
  }),
});

function openChannel(ctx: TeamContext, channel: Channel, signal: AbortSignal, push: Push): () => void {
  if (channel.kind === "team") {
    const stop = ctx.services.reader.follow(
      teamStream(ctx.services.env.DOKPLOY_HOME_ID, ctx.team.id),
      (entries) => void push({ channel: "team", events: entries.map(({ e = "null" }) => JSON.parse(e) as LiveEvent) }),
      () => void push({ channel: "team", events: [], reset: true }),
    );
    // what happened since the tab last read, or was last connected, is in no event that it will get
    void push({ channel: "team", events: [], reset: true });
    return stop;
  }
  const own = new AbortController();
  signal.addEventListener("abort", () => own.abort());
  forwardLines(ctx, channel, own.signal, push).catch((error: Error) =>
    ctx.services.log.warn({ error: error.message, channel: channel.kind }, "live log ended"),
  );
  return () => own.abort();
}

async function forwardLines(ctx: TeamContext, channel: Exclude<Channel, { kind: "team" }>, signal: AbortSignal, push: Push): Promise<void> {
  const forward = ({ json }: LineBatch) => push({ channel: channel.kind, id: channel.id, json });
  if (channel.kind === "deployment-log") {
    await findDeployment(ctx, channel.id);
    const isOver = async () => isFinal((await findDeployment(ctx, channel.id)).deployment.status);
    for await (const batch of followBatches(ctx, deploymentLog(channel.id), channel.from, signal, isOver)) await forward(batch);
    return;
  }
  const { app } = await findApp(ctx, channel.id);
  const from = channel.from === 0 ? (await lastLine(ctx, appLog(app.id))) + 1 : channel.from;
  for await (const batch of followBatches(ctx, appLog(app.id), from, signal, async () => false)) await forward(batch);
}
