import type { TeamContext } from "../context";
import { localDates, type Window } from "../metrics/calendar";
import { doraOf, inWindow } from "../metrics/dora";
import { incidentMetrics } from "../metrics/incidents";
import { findScope, loadRuns, type ScopeInput } from "../metrics/load";
import { loadKnown } from "../metrics/load-known";
import { loadIncidentRecords, loadPeople, loadStreamRuns } from "../metrics/load-streams";
import { runInterval, valueStreamMap } from "../metrics/map";
import { onboarding } from "../metrics/onboarding";
import { quantiles } from "../metrics/statistics";
import type { TargetKey } from "./constants";

/** A figure as a target is held against; null where n does not allow one. */
export type Current = { value: number | null; n: number };
const S = 1_000_000;

/** Every metric that has a figure, over several windows out of one load. @throws AppError as `findScope` does */
export async function currentFigures(ctx: TeamContext, input: ScopeInput, windows: Window[], asOf: number): Promise<Map<TargetKey, Current>[]> {
  const scope = await findScope(ctx, input);
  const whole = { ...(windows[0] as Window), from: Math.min(...windows.map((one) => one.from)), to: Math.max(...windows.map((one) => one.to)) };
  const { live, facts } = await loadKnown(ctx, scope, whole, asOf);
  const isTeam = input.project === undefined && input.app === undefined;
  const incidents = await loadIncidentRecords(ctx, input);
  const people = isTeam ? await loadPeople(ctx, "all") : [];
  // a run without a single recorded step has no known process time: 0 would be a lie
  const all = (await loadRuns(ctx, scope, whole, "deployment")).runs.filter((run) => run.spans.length > 0);
  const provisioned = isTeam ? (await loadStreamRuns(ctx, "provisioning", {}, whole)).runs : [];
  return windows.map((window) => {
    const dora = doraOf(live, facts, window, asOf);
    const runs = all.filter((run) => inWindow(run.liveAt ?? null, window));
    const to = Math.max(window.from, Math.min(window.to, asOf));
    const map = valueStreamMap(runs, { from: window.from, to, days: localDates(window.from, to, window.tz).length }, null);
    const mean = (sum: number) => ({ value: map.total.runs === 0 ? null : sum / map.total.runs, n: map.total.runs });
    const rollbacks = live.flatMap((one) => (inWindow(one.liveAt, window) && one.actualKind === "rollback" ? [(one.liveAt - one.createdAt) / S] : []));
    const incident = incidentMetrics(incidents, window, asOf);
    const provisions = provisioned.filter((run) => inWindow(run.finishedAt, window)).map(runInterval);
    const available = provisions.flatMap((one) => (one === null ? [] : [(one.to - one.from) / S]));
    const found: [TargetKey, Current][] = [
      ["deploymentFrequency", dora.deploymentFrequency],
      ["leadTime", times(dora.leadTime)],
      ["changeFailRate", dora.changeFailRate],
      ["recoveryTime", times(dora.recoveryTime)],
      ["reworkRate", dora.reworkRate],
      ["successRate", dora.successRate],
      ["processTime", mean(map.total.processTime)],
      ["waitTime", mean(map.fromPush.leadTime * (1 - (map.fromPush.activityRatio ?? 0)))],
      ["processEfficiency", { value: map.total.pce, n: map.total.runs }],
      ["rollbackTime", { value: quantiles(rollbacks).p50, n: rollbacks.length }],
      ["timeToDetect", times(incident.timeToDetect)],
      ["timeToResolve", times(incident.timeToResolve)],
      ["falsePositiveRate", incident.falsePositiveRate],
      ["repeatRate", incident.repeatRate],
      ["timeToAvailable", { value: quantiles(available).p50, n: available.length }],
    ];
    if (isTeam) {
      // sign-ups of the window alone would leave nobody old enough to be asked about retention
      const own = onboarding(people, { ...window, from: 0 }, to);
      found.push(
        ["timeToFirstDeployment", { value: own.timeToFirstDeployment.median, n: own.timeToFirstDeployment.n }],
        ["activation", own.activation],
        ["retention", own.retention],
      );
    }
    return new Map(found.map(([key, { value, n }]) => [key, { value, n }]));
  });
}

const times = ({ p50, n }: { p50: number | null; n: number }): Current => ({ value: p50, n });
