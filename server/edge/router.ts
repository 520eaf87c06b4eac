import { z } from "zod";
import { hostSchema, routePathSchema, TLS_MODES } from "../apps/schema";
import { pageFields, pageOf } from "../inputs";
import { reads, router, writes } from "../trpc";
import { addDomain, listDomains, removeDomain } from "./service";

export const domainsRouter = router({
  add: writes
    .meta({ rest: { method: "POST", path: "/apps/{app}/domains", status: 201, summary: "Add a host name to an application" } })
    .input(z.object({ app: z.string().min(1).max(200), host: hostSchema, path: routePathSchema.default("/"), tls: z.enum(TLS_MODES).default("off") }))
    .mutation(({ ctx, input }) => addDomain(ctx, input)),
  list: reads
    .meta({ rest: { method: "GET", path: "/domains", summary: "List host names" } })
    .input(z.object({ app: z.string().max(200).optional(), ...pageFields }).prefault({}))
    .query(async ({ ctx, input }) => pageOf(await listDomains(ctx, input.app), input)),
  remove: writes
    .meta({ rest: { method: "DELETE", path: "/domains/{domain}", summary: "Remove a host name" } })
    .input(z.object({ domain: z.string().min(1).max(500), app: z.string().max(200).optional() }))
    .mutation(({ ctx, input }) => removeDomain(ctx, input)),
});
