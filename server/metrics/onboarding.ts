import type { Micros } from "../../db/schema/columns";
import type { Window } from "./calendar";
import { kaplanMeierMedian, wilson } from "./statistics";

export const ONBOARDING_DEFINITION = "onboarding/1";
const S = 1_000_000;
const DAY = 86_400 * S;

export type PersonRecord = { id: string; signedUpAt: Micros | null; firstLiveAt: Micros | null; activeAt: readonly Micros[] };
export type PersonSample = { value: number; person: string };
export type PersonShare = {
  value: number | null;
  numerator: number;
  denominator: number;
  interval: [number, number] | null;
  n: number;
  excluded: Record<string, number>;
  samples: PersonSample[];
};
export type FunnelStep = { key: "signed_up" | "deployed" | "activated" | "retained"; title: string; n: number; of: number; dropped: number };
export type Onboarding = {
  timeToFirstDeployment: {
    /** Kaplan–Meier: null where the curve never falls to one half. */
    median: number | null;
    unit: "s";
    n: number;
    /** Signed up and not live yet: they count as long as they have waited. */
    censored: number;
    excluded: Record<string, number>;
    samples: { value: number; person: string; happened: boolean }[];
  };
  activation: PersonShare;
  retention: PersonShare;
  funnel: FunnelStep[];
};

/**
 * How people who signed up in the window come to have something live, and stay. Whoever has not deployed yet is censored, not dropped.
 * Source: value-streams.md, Provisioning, onboarding, features; Kaplan & Meier (1958). @param asOf nothing later is known
 */
export function onboarding(people: readonly PersonRecord[], window: Window, asOf: Micros): Onboarding {
  const cohort = people.flatMap(({ signedUpAt, firstLiveAt, ...one }) =>
    signedUpAt === null || signedUpAt < window.from || signedUpAt >= window.to || signedUpAt > asOf
      ? []
      : [{ ...one, signedUpAt, firstLiveAt: firstLiveAt !== null && firstLiveAt > asOf ? null : firstLiveAt }],
  );
  const isWrong = (one: (typeof cohort)[number]) => one.firstLiveAt !== null && one.firstLiveAt < one.signedUpAt;
  const wrong = cohort.filter(isWrong).length;
  const sound = cohort.filter((one) => !isWrong(one));
  const samples = sound.map(({ id, signedUpAt, firstLiveAt }) => ({
    value: ((firstLiveAt ?? asOf) - signedUpAt) / S,
    person: id,
    happened: firstLiveAt !== null,
  }));
  const excluded: Record<string, number> = wrong > 0 ? { negative_span: wrong } : {};
  const aged = (days: number) => sound.filter((one) => asOf - one.signedUpAt >= days * DAY);
  const isActivated = (one: (typeof cohort)[number]) => one.firstLiveAt !== null && one.firstLiveAt - one.signedUpAt <= 7 * DAY;
  const isRetained = (one: (typeof cohort)[number]) =>
    one.activeAt.some((at) => at <= asOf && at - one.signedUpAt >= 30 * DAY && at - one.signedUpAt < 37 * DAY);
  const share = (list: typeof cohort, isHit: (one: (typeof cohort)[number]) => boolean): PersonShare => {
    const points = list.map((one) => ({ value: isHit(one) ? 1 : 0, person: one.id }));
    const numerator = points.reduce((sum, { value }) => sum + value, 0);
    const young = sound.length - list.length;
    return {
      value: list.length === 0 ? null : numerator / list.length,
      numerator,
      denominator: list.length,
      interval: wilson(numerator, list.length),
      n: list.length,
      excluded: { ...excluded, ...(young > 0 ? { too_young: young } : {}) },
      samples: points,
    };
  };
  const activation = share(aged(7), isActivated);
  const retention = share(aged(37), isRetained);
  const happened = samples.filter((one) => one.happened).length;
  const step = (key: FunnelStep["key"], title: string, n: number, of: number): FunnelStep => ({ key, title, n, of, dropped: of - n });
  return {
    timeToFirstDeployment: {
      median: kaplanMeierMedian(samples.map(({ value, happened: did }) => ({ time: value, happened: did }))),
      unit: "s",
      n: samples.length,
      censored: samples.length - happened,
      excluded,
      samples,
    },
    activation,
    retention,
    funnel: [
      step("signed_up", "Signed up", sound.length, sound.length),
      step("deployed", "Something live", happened, sound.length),
      step("activated", "Live within 7 days", activation.numerator, activation.denominator),
      step("retained", "Active in days 30 to 37", retention.numerator, retention.denominator),
    ],
  };
}
