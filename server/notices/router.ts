import { reads, router, writes } from "../trpc";
import { setNoticeTargetSchema } from "./schema";
import { readNoticeTarget, removeNoticeTarget, setNoticeTarget, testNoticeTarget } from "./service";

export const noticesRouter = router({
  read: reads.query(async ({ ctx }) => ({ target: await readNoticeTarget(ctx), canMail: ctx.services.env.SMTP_URL !== "" })),
  set: writes.input(setNoticeTargetSchema).mutation(({ ctx, input }) => setNoticeTarget(ctx, input)),
  remove: writes.mutation(({ ctx }) => removeNoticeTarget(ctx)),
  test: writes.mutation(({ ctx }) => testNoticeTarget(ctx)),
});
