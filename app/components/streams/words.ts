import type { MetricRows } from "../../../server/metrics/detail";
import { duration } from "../time/format";
import { rate } from "./figure";
import type { MetricPage } from "./metrics";

/** How a figure of this metric is said. */
export const figureOf =
  ({ unit }: Pick<MetricPage, "unit">) =>
  (value: number): string =>
    unit === "seconds" ? duration(value) : unit === "share" ? rate(value) : Number(value.toFixed(2)).toString();

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
/** `26 Dec` of a local date. */
export const dayText = (date: string): string => DAY.format(Date.parse(`${date}T00:00:00Z`));

const LEFT: Record<NonNullable<MetricRows["items"][number]["reason"]>, string> = {
  first_deployment: "first deployment here: nothing was live before it",
  already_live: "was live before",
  merge: "a merge brings no change of its own",
  rollback: "a rollback brings no new commit",
  redeploy: "a redeploy brings nothing new",
  negative_span: "clock skew: live before it was written",
  unknown_commit: "the commit’s time is not known",
  cancelled: "cancelled before it could fail",
  superseded: "superseded before it could fail",
  not_live: "did not go live",
  imported_without_time: "imported without a time",
  open: "not remedied yet",
};
export const leftText = (reason: keyof typeof LEFT): string => LEFT[reason];
