import { z } from "zod";
import { appReference, pageFields } from "../inputs";
import { reads, router, writes } from "../trpc";
import { listDeliveries, readDelivery, redeliver } from "./deliveries";

const reference = appReference.extend({ delivery: z.string().min(1).max(100) });

export const webhooksRouter = router({
  deliveries: reads
    .meta({ rest: { method: "GET", path: "/apps/{app}/deliveries", summary: "List webhook deliveries" } })
    .input(appReference.extend(pageFields))
    .query(({ ctx, input }) => listDeliveries(ctx, input)),
  delivery: reads
    .meta({ rest: { method: "GET", path: "/apps/{app}/deliveries/{delivery}", summary: "Show a webhook delivery with its body" } })
    .input(reference)
    .query(({ ctx, input }) => readDelivery(ctx, input)),
  redeliver: writes
    .meta({ rest: { method: "POST", path: "/apps/{app}/deliveries/{delivery}/redeliver", summary: "Answer a stored webhook delivery again" } })
    .input(reference)
    .mutation(({ ctx, input }) => redeliver(ctx, input)),
});
