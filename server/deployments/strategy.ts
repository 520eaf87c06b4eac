import type { Canary, Strategy } from "../apps/schema";

/**
 * One step of a schedule: bring the slots to these numbers, pass the gate, then give the new slot this share of the traffic (per cent),
 * and watch it for `holdS` seconds before the next.
 */
export type ScheduleStep = { newReplicas: number; oldReplicas: number; newWeight: number; holdS: number };

/**
 * A strategy is a schedule over the two slots: pure data, shown before it starts.
 * `blue-green`: all new replicas, gate, 0 → 100. `canary`: the same in shares, each held and compared with the old release.
 * `rolling`: replica by replica with a surge of one, weight in proportion, the same gate. `recreate`: the old one ends before the new
 * one starts, for what only one task may hold.
 */
export function scheduleOf(strategy: Strategy, replicas: number, canary: Pick<Canary, "steps">): ScheduleStep[] {
  const whole = { newReplicas: replicas, oldReplicas: replicas, newWeight: 100, holdS: 0 };
  if (strategy === "blue-green") return [whole];
  if (strategy === "recreate") return [{ ...whole, oldReplicas: 0 }];
  if (strategy === "canary") return [...canary.steps.map(({ weight, holdS }) => ({ ...whole, newWeight: weight, holdS })), whole];
  return Array.from({ length: replicas }, (_, index) => ({
    newReplicas: index + 1,
    oldReplicas: replicas - index,
    newWeight: Math.round((100 * (index + 1)) / replicas),
    holdS: 0,
  }));
}

/** The schedule in a sentence, for a log and a page. */
export function scheduleWords(strategy: Strategy, schedule: readonly ScheduleStep[]): string {
  if (strategy === "recreate") return "recreate: the old release ends, then the new one starts; in between nothing answers";
  const steps = schedule.map(({ newWeight, holdS }) => (holdS > 0 ? `${newWeight} % for ${holdS} s` : `${newWeight} %`));
  return `${strategy}: the new release gets ${steps.join(", then ")} of the traffic`;
}
