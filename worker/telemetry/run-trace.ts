import { createHash } from "node:crypto";
import { type Attributes, type HrTime, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { ATTR_DEPLOYMENT_ENVIRONMENT_NAME, ATTR_ERROR_TYPE } from "@opentelemetry/semantic-conventions";
import * as cicd from "@opentelemetry/semantic-conventions/incubating";
import type { Micros } from "../../db/schema/columns";
import type { DeploymentOutcome } from "../../server/deployments/schema";

/** A deployment that ended, as far as its trace tells of it. */
export type EndedRun = {
  id: string;
  number: number;
  app: string;
  project: string;
  environment: string;
  kind: string;
  outcome: DeploymentOutcome;
  errorCode: string | null;
  gitUrl: string | null;
  ref: { kind: string; name: string } | null;
  commitSha: string | null;
  image: string | null;
  createdAt: Micros;
  liveAt: Micros | null;
  finishedAt: Micros;
  url: string;
  spans: {
    id: string;
    step: string;
    attempt: number;
    startedAt: Micros;
    finishedAt: Micros;
    class: string;
    outcome: "ok" | "failed" | "cancelled" | "skipped" | "interrupted";
    cached: boolean;
    parent: string | null;
  }[];
};

const SCOPE = { name: "dokploy" };
const RESULT: Record<DeploymentOutcome, string> = {
  succeeded: cicd.CICD_PIPELINE_RESULT_VALUE_SUCCESS,
  build_failed: cicd.CICD_PIPELINE_RESULT_VALUE_FAILURE,
  deploy_failed: cicd.CICD_PIPELINE_RESULT_VALUE_FAILURE,
  unhealthy: cicd.CICD_PIPELINE_RESULT_VALUE_FAILURE,
  timed_out: cicd.CICD_PIPELINE_RESULT_VALUE_TIMEOUT,
  cancelled: cicd.CICD_PIPELINE_RESULT_VALUE_CANCELLATION,
  superseded: cicd.CICD_PIPELINE_RESULT_VALUE_SKIP,
};
const TASK_RESULT: Record<EndedRun["spans"][number]["outcome"], string> = {
  ok: cicd.CICD_PIPELINE_TASK_RUN_RESULT_VALUE_SUCCESS,
  failed: cicd.CICD_PIPELINE_TASK_RUN_RESULT_VALUE_FAILURE,
  cancelled: cicd.CICD_PIPELINE_TASK_RUN_RESULT_VALUE_CANCELLATION,
  skipped: cicd.CICD_PIPELINE_TASK_RUN_RESULT_VALUE_SKIP,
  interrupted: cicd.CICD_PIPELINE_TASK_RUN_RESULT_VALUE_ERROR,
};
const TASK_TYPE: Record<string, string> = {
  build: cicd.CICD_PIPELINE_TASK_TYPE_VALUE_BUILD,
  release: cicd.CICD_PIPELINE_TASK_TYPE_VALUE_DEPLOY,
  route: cicd.CICD_PIPELINE_TASK_TYPE_VALUE_DEPLOY,
  health: cicd.CICD_PIPELINE_TASK_TYPE_VALUE_TEST,
  verify: cicd.CICD_PIPELINE_TASK_TYPE_VALUE_TEST,
};

/** Seconds and nanoseconds of an instant in microseconds: exact, unlike a floating number of milliseconds. */
const timeOf = (at: Micros): HrTime => [Math.floor(at / 1_000_000), (at % 1_000_000) * 1_000];
const traceIdOf = (id: string) => id.replaceAll("-", "");
const spanIdOf = (id: string) => createHash("sha256").update(id).digest("hex").slice(0, 16);
/** Without what somebody may have put in for signing in. */
function bareUrl(gitUrl: string): string {
  if (!URL.canParse(gitUrl)) return gitUrl.replace(/^[^@/]*@/, "");
  const url = new URL(gitUrl);
  url.username = "";
  url.password = "";
  return url.href;
}
const present = (attributes: Record<string, string | number | boolean | null>): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null)) as Attributes;

/**
 * A deployment as a trace by OpenTelemetry's semantic conventions for CI/CD: the run, and a task for each span of the ledger below its
 * parent. The ids follow from ours, so that what is sent twice is the same trace.
 * Source: opentelemetry.io, Semantic conventions for CICD spans (1.45).
 */
export function runTrace(run: EndedRun, resource: Resource): ReadableSpan[] {
  const root = spanIdOf(run.id);
  const context = (spanId: string) => ({ traceId: traceIdOf(run.id), spanId, traceFlags: TraceFlags.SAMPLED });
  const startedAt = Math.min(run.createdAt, ...run.spans.map((span) => span.startedAt));
  const span = (
    id: string,
    parent: string | null,
    one: { name: string; kind: SpanKind; from: Micros; to: Micros; isBad: boolean; attributes: Attributes },
  ): ReadableSpan => ({
    name: one.name,
    kind: one.kind,
    spanContext: () => context(id),
    ...(parent === null ? {} : { parentSpanContext: context(parent) }),
    startTime: timeOf(one.from),
    endTime: timeOf(one.to),
    duration: timeOf(one.to - one.from),
    status: { code: one.isBad ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: one.attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  });

  const result = RESULT[run.outcome];
  const isBad = result === cicd.CICD_PIPELINE_RESULT_VALUE_FAILURE || result === cicd.CICD_PIPELINE_RESULT_VALUE_TIMEOUT;
  const pipeline = `${run.project}/${run.app}`;
  const ofRun = span(root, null, {
    name: `RUN ${pipeline}`,
    kind: SpanKind.SERVER,
    from: startedAt,
    to: Math.max(run.finishedAt, ...run.spans.filter((one) => one.parent === null).map((one) => one.finishedAt)),
    isBad,
    attributes: present({
      [cicd.ATTR_CICD_PIPELINE_NAME]: pipeline,
      [cicd.ATTR_CICD_PIPELINE_ACTION_NAME]: cicd.CICD_PIPELINE_ACTION_NAME_VALUE_RUN,
      [cicd.ATTR_CICD_PIPELINE_RUN_ID]: run.id,
      [cicd.ATTR_CICD_PIPELINE_RUN_URL_FULL]: run.url,
      [cicd.ATTR_CICD_PIPELINE_RESULT]: result,
      [ATTR_ERROR_TYPE]: isBad ? (run.errorCode ?? run.outcome) : null,
      [ATTR_DEPLOYMENT_ENVIRONMENT_NAME]: run.environment,
      [cicd.ATTR_DEPLOYMENT_ID]: run.id,
      [cicd.ATTR_DEPLOYMENT_NAME]: `${pipeline} #${run.number}`,
      [cicd.ATTR_DEPLOYMENT_STATUS]: run.liveAt === null ? cicd.DEPLOYMENT_STATUS_VALUE_FAILED : cicd.DEPLOYMENT_STATUS_VALUE_SUCCEEDED,
      [cicd.ATTR_VCS_REPOSITORY_URL_FULL]: run.gitUrl === null ? null : bareUrl(run.gitUrl),
      [cicd.ATTR_VCS_REF_HEAD_NAME]: run.ref && run.ref.kind !== "image" ? run.ref.name : null,
      [cicd.ATTR_VCS_REF_HEAD_TYPE]: run.ref?.kind === "branch" || run.ref?.kind === "tag" ? run.ref.kind : null,
      [cicd.ATTR_VCS_REF_HEAD_REVISION]: run.commitSha,
      "dokploy.deployment.kind": run.kind,
      "dokploy.deployment.outcome": run.outcome,
    }),
  });
  const ids = new Set(run.spans.map((one) => one.id));
  const tasks = run.spans.map((one) =>
    span(spanIdOf(one.id), one.parent !== null && ids.has(one.parent) ? spanIdOf(one.parent) : root, {
      name: one.step,
      kind: SpanKind.INTERNAL,
      from: one.startedAt,
      to: one.finishedAt,
      isBad: one.outcome === "failed",
      attributes: present({
        [cicd.ATTR_CICD_PIPELINE_TASK_NAME]: one.step,
        [cicd.ATTR_CICD_PIPELINE_TASK_RUN_ID]: one.id,
        [cicd.ATTR_CICD_PIPELINE_TASK_RUN_URL_FULL]: run.url,
        [cicd.ATTR_CICD_PIPELINE_TASK_RUN_RESULT]: TASK_RESULT[one.outcome],
        [cicd.ATTR_CICD_PIPELINE_TASK_TYPE]: one.parent === null ? (TASK_TYPE[one.step] ?? null) : null,
        [ATTR_ERROR_TYPE]: one.outcome === "failed" ? (run.errorCode ?? "failed") : null,
        "dokploy.step.class": one.class,
        "dokploy.step.attempt": one.attempt,
        "dokploy.step.cached": one.cached,
      }),
    }),
  );
  return [ofRun, ...tasks];
}
