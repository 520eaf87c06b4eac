import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { readWindow } from "./calendar";
import { DORA_DEFINITION } from "./dora";
import { refreshFacts } from "./keep-facts";
import { findScope, type ScopeInput } from "./load";
import { loadDora } from "./load-dora";
import type { Figures } from "./report";
import { windowView } from "./scope-fields";
import { type QuickCheckInput, quickCheck } from "./statistics";

const HOUR = 3600;
const DAY = 24 * HOUR;
const MONTH = 30 * DAY;

/** DORA's level of a time in seconds: 6 under an hour … 1 over six months. Source: value-streams.md, Quick-check score. */
export const timeLevel = (seconds: number): number =>
  seconds < HOUR ? 6 : seconds < DAY ? 5 : seconds < 7 * DAY ? 4 : seconds < MONTH ? 3 : seconds < 6 * MONTH ? 2 : 1;

/** DORA's level of deployments a day: 6 more than hourly … 1 less than one in six months. */
export const frequencyLevel = (perDay: number): number =>
  perDay > 24 ? 6 : perDay > 1 ? 5 : perDay > 1 / 7 ? 4 : perDay > 1 / 30 ? 3 : perDay > 1 / 180 ? 2 : 1;

/** What the figures say of each question; null where they say nothing. */
export function measuredAnswers(result: Figures): { [K in keyof QuickCheckInput]: number | null } {
  const percent = (value: number | null) => (value === null ? null : value * 100);
  return {
    leadTime: result.leadTime.p50 === null ? null : timeLevel(result.leadTime.p50),
    frequency: result.deploymentFrequency.value === null || result.deploymentFrequency.n === 0 ? null : frequencyLevel(result.deploymentFrequency.value),
    recovery: result.recoveryTime.p50 === null ? null : timeLevel(result.recoveryTime.p50),
    changeFailPercent: percent(result.changeFailRate.value),
    reworkPercent: percent(result.reworkRate.value),
  };
}

type Answers = { [K in keyof QuickCheckInput]?: number | undefined };

/** The score out of what was measured, and out of what was answered where something was. Null while an answer is missing. */
export async function quickCheckReport(
  ctx: TeamContext,
  input: ScopeInput & Answers & { from?: string | undefined; to?: string | undefined; tz?: string | undefined },
) {
  const asOf = ctx.now();
  const window = readWindow(input, asOf);
  const scope = await findScope(ctx, input);
  await refreshFacts(ctx, scope);
  const result = await loadDora(ctx, scope, window, asOf, {});
  const measured = measuredAnswers(result);
  const used = {
    leadTime: input.leadTime ?? measured.leadTime,
    frequency: input.frequency ?? measured.frequency,
    recovery: input.recovery ?? measured.recovery,
    changeFailPercent: input.changeFailPercent ?? measured.changeFailPercent,
    reworkPercent: input.reworkPercent ?? measured.reworkPercent,
  };
  const isWhole = Object.values(used).every((value) => value !== null);
  return {
    window: windowView(window),
    definition: DORA_DEFINITION,
    asOf: toIso(asOf),
    measured,
    figures: {
      leadTime: { value: result.leadTime.p50, n: result.leadTime.n },
      frequency: { value: result.deploymentFrequency.value, n: result.deploymentFrequency.n },
      recovery: { value: result.recoveryTime.p50, n: result.recoveryTime.n },
      changeFailPercent: { value: result.changeFailRate.value, n: result.changeFailRate.n },
      reworkPercent: { value: result.reworkRate.value, n: result.reworkRate.n },
    },
    used,
    score: isWhole ? quickCheck(used as QuickCheckInput) : null,
  };
}
export type QuickCheckReport = Awaited<ReturnType<typeof quickCheckReport>>;
