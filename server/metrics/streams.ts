import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { Table } from "../csv";
import { stepsOf } from "../streams/definitions";
import { localDates, readWindow, type Window } from "./calendar";
import { INCIDENT_DEFINITION, incidentMetrics } from "./incidents";
import { refreshFacts } from "./keep-facts";
import { buildSlots, findScope, loadRuns, type ScopeInput } from "./load";
import { loadMap } from "./load-map";
import { loadIncidentRecords, loadPeople, loadStreamRuns, type PeopleSource } from "./load-streams";
import { type MapRun, type MapWindow, mapDefinition, mapOfSums, type ValueStreamMap, valueStreamMap } from "./map";
import { ONBOARDING_DEFINITION, onboarding } from "./onboarding";
import { type Replay, replay } from "./replay";
import { periodsOf } from "./report";
import { windowView } from "./scope-fields";

/** Steps that hold a build slot (worker/deploy/runner.ts). */
const BUILD_STEPS = ["fetch", "plan", "build"];
export type Asked = ScopeInput & { from?: string | undefined; to?: string | undefined; tz?: string | undefined };

/** The runs of a stream over a window, ours or imported. @throws AppError as `findScope` and `readWindow` do */
export async function loadMapRuns(ctx: TeamContext, input: Asked & { stream: string }): Promise<{ runs: MapRun[]; window: Window; asOf: number }> {
  const asOf = ctx.now();
  const window = readWindow(input, asOf);
  const { runs } =
    input.stream === "deployment"
      ? await loadRuns(ctx, await findScope(ctx, input), window, input.stream)
      : await loadStreamRuns(ctx, input.stream, input, window);
  return { runs, window, asOf };
}

/** The map of a stream over a window, and where it is asked for of the period before. @throws AppError as `findScope` and `readWindow` do */
export async function streamMap(ctx: TeamContext, input: Asked & { stream: string; withBefore?: boolean }) {
  const asOf = ctx.now();
  const window = readWindow(input, asOf);
  const now = await mapOf(ctx, input, window, asOf);
  if (!input.withBefore) return { ...now, before: null };
  const { before } = periodsOf(window, asOf);
  return { ...now, before: await mapOf(ctx, input, before, asOf) };
}

async function mapOf(ctx: TeamContext, input: Asked & { stream: string }, window: Window, asOf: number) {
  const to = Math.max(window.from, Math.min(window.to, asOf));
  const days = localDates(window.from, to, window.tz).length;
  const span = { from: window.from, to, days };
  const { map, n, apart, replayed } = input.stream === "deployment" ? await deploymentMap(ctx, input, window, span) : await otherMap(ctx, input, window, span);
  return {
    stream: input.stream,
    window: { ...windowView(window), days },
    definition: mapDefinition(input.stream),
    asOf: toIso(asOf),
    n,
    apart,
    ...map,
    bottleneck: withReplay(map, replayed),
    replay: replayed,
  };
}

async function deploymentMap(ctx: TeamContext, input: Asked, window: Window, span: MapWindow) {
  const scope = await findScope(ctx, input);
  await refreshFacts(ctx, scope);
  const { sums, inProgress, apart, jobs, isMeasured } = await loadMap(ctx, scope, window, span.to);
  const slots = isMeasured ? await buildSlots(ctx) : 0;
  const map = mapOfSums(sums, inProgress, span, slots > 0 ? { steps: BUILD_STEPS, slots } : null);
  return { map, n: sums.runs, apart, replayed: replay(jobs, slots) };
}

async function otherMap(ctx: TeamContext, input: Asked & { stream: string }, window: Window, span: MapWindow) {
  const { runs, apart } = await loadStreamRuns(ctx, input.stream, input, window);
  return { map: valueStreamMap(runs, span, null, stepsOf(input.stream)), n: runs.length, apart, replayed: null };
}

/** Where the queue is to blame the remedy says what the recorded arrivals would have waited with more slots. */
function withReplay({ bottleneck, steps, total }: ValueStreamMap, replayed: Replay | null): ValueStreamMap["bottleneck"] {
  const [now, ...more] = replayed ?? [];
  const best = more.at(-1);
  const queue = steps.find((step) => step.key === "queue");
  if (!bottleneck || !now || !best || !queue || !bottleneck.remedy.includes("raise build concurrency")) return bottleneck;
  const percent = total.leadTime === 0 ? "0" : ((queue.leadTime / total.leadTime) * 100).toFixed(0);
  const remedy = `${percent} % of lead time is queue: raise build concurrency from ${now.slots} to ${best.slots}. Replayed over the ${total.runs} runs: queue ${now.queueS.toFixed(1)} → ${best.queueS.toFixed(1)} s each.`;
  return { ...bottleneck, remedy };
}
export type MapAnswer = Awaited<ReturnType<typeof streamMap>>;

export const mapTable = ({ steps }: Pick<MapAnswer, "steps">): Table => ({
  header: ["key", "title", "class", "process_s", "wait_s", "lead_s", "activity_ratio", "percent_complete_accurate", "n", "utilisation"],
  rows: steps.map((step) => [
    step.key,
    step.title,
    step.class,
    step.processTime,
    step.waitTime,
    step.leadTime,
    step.activityRatio,
    step.percentCompleteAccurate,
    step.n,
    step.utilisation,
  ]),
});

/** Without their samples, unless they are asked for. */
const bare = <T extends object>(metrics: T, samples: boolean): T =>
  samples
    ? metrics
    : (Object.fromEntries(
        Object.entries(metrics).map(([name, metric]) => {
          if (typeof metric !== "object" || metric === null || !("samples" in metric)) return [name, metric];
          const { samples: _, ...rest } = metric;
          return [name, rest];
        }),
      ) as T);

export async function incidentReport(ctx: TeamContext, input: Asked & { samples: boolean }) {
  const asOf = ctx.now();
  const window = readWindow(input, asOf);
  const metrics = incidentMetrics(await loadIncidentRecords(ctx, input), window, asOf);
  return { window: windowView(window), definition: INCIDENT_DEFINITION, asOf: toIso(asOf), ...bare(metrics, input.samples) };
}

/** Who signed up within the window; without `from` everybody, since retention is known of people 37 days old alone. */
export async function onboardingReport(ctx: TeamContext, input: Omit<Asked, keyof ScopeInput> & { source: PeopleSource; samples: boolean }) {
  const asOf = ctx.now();
  const window = readWindow({ ...input, from: input.from ?? "1970-01-01" }, asOf);
  const metrics = onboarding(await loadPeople(ctx, input.source), window, asOf);
  return { window: windowView(window), definition: ONBOARDING_DEFINITION, asOf: toIso(asOf), ...bare(metrics, input.samples) };
}
export type IncidentReport = Awaited<ReturnType<typeof incidentReport>>;
export type OnboardingReport = Awaited<ReturnType<typeof onboardingReport>>;
