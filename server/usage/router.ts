import { reads, router } from "../trpc";
import { type UsageReport, usageInput } from "./schema";
import { usageReport } from "./service";
import { usageTable } from "./table";

export const usageRouter = router({
  read: reads
    .meta({
      rest: {
        method: "GET",
        path: "/usage",
        summary: "Processor, memory, network and disk that an application, a project, a node or all of them use, against what they are given",
        csv: { table: (answer, input) => usageTable(answer as UsageReport, usageInput.parse(input).table) },
      },
    })
    .input(usageInput.prefault({}))
    .query(({ ctx, input }) => usageReport(ctx, ctx.identity.actor, input)),
});
