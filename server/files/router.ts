import { z } from "zod";
import { requireScope } from "../context";
import { appReference } from "../inputs";
import { reads, router, writes } from "../trpc";
import { filePathSchema, fileSchema } from "./schema";
import { changeFiles, listFiles, readFileContent } from "./service";

const rest = (method: "GET" | "PATCH", path: string, summary: string) => ({ rest: { method, path, summary } });

export const filesRouter = router({
  list: reads
    .meta(rest("GET", "/apps/{app}/files", "List config files"))
    .input(appReference)
    .query(async ({ ctx, input }) => ({ items: await listFiles(ctx, input.app), nextCursor: null })),
  read: reads
    .meta(rest("GET", "/apps/{app}/files/content", "Show a config file's content"))
    .input(appReference.extend({ path: filePathSchema }))
    .query(({ ctx, input }) => {
      requireScope(ctx.identity.actor, "write");
      return readFileContent(ctx, input);
    }),
  change: writes
    .meta(rest("PATCH", "/apps/{app}/files", "Set and remove config files, in one deployment"))
    .input(
      appReference.extend({
        set: z.array(fileSchema).max(20).default([]),
        unset: z.array(filePathSchema).max(20).default([]),
        deploy: z.boolean().default(true),
        trigger: z.enum(["api", "cli", "page"]).default("api"),
      }),
    )
    .mutation(({ ctx, input }) => changeFiles(ctx, input.app, input)),
});
