import type { Micros } from "../../db/schema/columns";
import type { Window } from "./calendar";
import type { Share } from "./dora";
import { quantiles, wilson } from "./statistics";

export const INCIDENT_DEFINITION = "incident/1";
const S = 1_000_000;
const REPEAT_WITHIN = 30 * 86_400 * S;

/** In the order in which they come; `postMortem` is known from spans alone. */
export const INCIDENT_TIMES = ["startedAt", "detectedAt", "alertedAt", "notifiedAt", "acknowledgedAt", "diagnosedAt", "remediatedAt", "verifiedAt"] as const;
export type IncidentTime = (typeof INCIDENT_TIMES)[number];
export type IncidentRecord = { id: string; externalId: string; fingerprint: string | null; falsePositive: boolean | null } & Record<
  IncidentTime,
  Micros | null
>;

export type IncidentTimes = { p50: number | null; p90: number | null; unit: "s"; n: number; excluded: Record<string, number>; samples: IncidentSample[] };
export type IncidentSample = { value: number; incident: string };
export type IncidentShare = Omit<Share, "samples" | "left" | "excluded"> & { excluded: Record<string, number>; samples: IncidentSample[] };
export type IncidentMetrics = {
  incidents: number;
  timeToDetect: IncidentTimes;
  timeToAcknowledge: IncidentTimes;
  timeToResolve: IncidentTimes;
  impact: IncidentTimes;
  falsePositiveRate: IncidentShare;
  repeatRate: IncidentShare;
};

/** The first that is known of it: by that it belongs to a period. */
export const seenAt = (one: IncidentRecord): Micros | null => one.detectedAt ?? one.startedAt ?? one.alertedAt ?? one.verifiedAt;

/**
 * How fast incidents are seen, taken on and ended. TTD = detected − started, TTA = acknowledged − alerted, TTR = verified − detected,
 * impact = verified − started. A false positive has no times and counts in its own rate alone. Source: value-streams.md, Incident stream.
 * @param all of the whole past, since a repetition looks 30 days back @param asOf nothing later is known
 */
export function incidentMetrics(all: readonly IncidentRecord[], window: Window, asOf: Micros): IncidentMetrics {
  const known = all.map((one) => hide(one, asOf));
  const within = known.filter((one) => {
    const at = seenAt(one);
    return at !== null && at >= window.from && at < window.to;
  });
  const real = within.filter((one) => one.falsePositive !== true);
  const times = (from: IncidentTime, to: IncidentTime) => timesOf(real, within.length - real.length, from, to);
  const closed = within.filter((one) => one.verifiedAt !== null);
  return {
    incidents: real.length,
    timeToDetect: times("startedAt", "detectedAt"),
    timeToAcknowledge: times("alertedAt", "acknowledgedAt"),
    timeToResolve: times("detectedAt", "verifiedAt"),
    impact: times("startedAt", "verifiedAt"),
    falsePositiveRate: shareOf(
      closed.map((one) => ({ value: one.falsePositive === true ? 1 : 0, incident: one.externalId })),
      { open: within.length - closed.length },
    ),
    repeatRate: shareOf(
      real.map((one) => ({ value: isRepeat(one, known) ? 1 : 0, incident: one.externalId })),
      { false_positive: within.length - real.length },
    ),
  };
}

function hide(one: IncidentRecord, asOf: Micros): IncidentRecord {
  const times = Object.fromEntries(INCIDENT_TIMES.map((key) => [key, one[key] !== null && one[key] > asOf ? null : one[key]]));
  return { ...one, ...(times as Record<IncidentTime, Micros | null>) };
}

function timesOf(list: readonly IncidentRecord[], falsePositives: number, from: IncidentTime, to: IncidentTime): IncidentTimes {
  const excluded: Record<string, number> = falsePositives > 0 ? { false_positive: falsePositives } : {};
  const add = (reason: string) => {
    excluded[reason] = (excluded[reason] ?? 0) + 1;
  };
  const samples = list.flatMap((one) => {
    const [begin, end] = [one[from], one[to]];
    if (begin === null || end === null) add("unknown_time");
    else if (end < begin) add("negative_span");
    else return [{ value: (end - begin) / S, incident: one.externalId }];
    return [];
  });
  return { ...quantiles(samples.map(({ value }) => value)), unit: "s", n: samples.length, excluded, samples };
}

/** Whether one with the same fingerprint was resolved in the 30 days before this one was seen. */
function isRepeat(one: IncidentRecord, all: readonly IncidentRecord[]): boolean {
  const at = seenAt(one);
  if (one.fingerprint === null || at === null) return false;
  return all.some(
    (other) =>
      other.id !== one.id &&
      other.falsePositive !== true &&
      other.fingerprint === one.fingerprint &&
      other.verifiedAt !== null &&
      other.verifiedAt <= at &&
      other.verifiedAt >= at - REPEAT_WITHIN,
  );
}

function shareOf(samples: IncidentSample[], left: Record<string, number>): IncidentShare {
  const numerator = samples.reduce((sum, { value }) => sum + value, 0);
  const n = samples.length;
  const excluded = Object.fromEntries(Object.entries(left).filter(([, count]) => count > 0));
  return { value: n === 0 ? null : numerator / n, numerator, denominator: n, interval: wilson(numerator, n), n, excluded, samples };
}
