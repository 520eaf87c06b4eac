import { reads, router } from "../trpc";
import { readOverview } from "./service";

export const overviewRouter = router({
  read: reads
    .meta({ rest: { method: "GET", path: "/overview", summary: "Whether everything is up, what ships now, and whether the team gets faster" } })
    .query(({ ctx }) => readOverview(ctx, ctx.identity.actor)),
});
