import { z } from "zod";
import { appReference } from "../inputs";
import { reads, router, writes } from "../trpc";
import { mirrorSchema, splitSchema } from "./schema";
import { endTraffic, promoteTraffic, readTraffic, shareTraffic } from "./service";

const rest = (method: "GET" | "POST", path: string, summary: string, status?: number) => ({ rest: { method, path, summary, ...(status ? { status } : {}) } });

export const trafficRouter = router({
  read: reads
    .meta(rest("GET", "/apps/{app}/traffic", "Show which releases get an application's requests"))
    .input(appReference)
    .query(({ ctx, input }) => readTraffic(ctx, input.app)),
  split: writes
    .meta(rest("POST", "/apps/{app}/traffic/split", "Give a retained release a part of the requests"))
    .input(splitSchema)
    .mutation(({ ctx, input: { weight, ...input } }) => shareTraffic(ctx, { ...input, kind: "split", weight: weight ?? 0 })),
  mirror: writes
    .meta(rest("POST", "/apps/{app}/traffic/mirror", "Copy a part of the requests to a retained release, and drop its answers"))
    .input(mirrorSchema)
    .mutation(({ ctx, input: { percent, ...input } }) => shareTraffic(ctx, { ...input, kind: "mirror", weight: percent })),
  promote: writes
    .meta(rest("POST", "/apps/{app}/traffic/promote", "Give the release on trial all traffic", 202))
    .input(appReference.extend({ trigger: z.enum(["api", "cli", "page"]).default("api") }))
    .mutation(({ ctx, input }) => promoteTraffic(ctx, input.app, input.trigger)),
  end: writes
    .meta(rest("POST", "/apps/{app}/traffic/end", "Give the live release all traffic again"))
    .input(appReference)
    .mutation(({ ctx, input }) => endTraffic(ctx, input.app)),
});
