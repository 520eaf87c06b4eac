import { z } from "zod";
import { pageFields, pageOf } from "../inputs";
import { reads, router, writes } from "../trpc";
import { createCredentialSchema } from "./schema";
import { createCredential, listCredentials, removeCredential } from "./service";

export const credentialsRouter = router({
  create: writes
    .meta({ rest: { method: "POST", path: "/credentials", status: 201, summary: "Store a credential for private repositories" } })
    .input(createCredentialSchema)
    .mutation(({ ctx, input }) => createCredential(ctx, input)),
  list: reads
    .meta({ rest: { method: "GET", path: "/credentials", summary: "List credentials, without their secrets" } })
    .input(z.object(pageFields).prefault({}))
    .query(async ({ ctx, input }) => pageOf(await listCredentials(ctx), input)),
  remove: writes
    .meta({ rest: { method: "DELETE", path: "/credentials/{credential}", summary: "Remove a credential" } })
    .input(z.object({ credential: z.string().min(1).max(100) }))
    .mutation(({ ctx, input }) => removeCredential(ctx, input.credential)),
});
