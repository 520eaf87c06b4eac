import type { Micros } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { Window } from "./calendar";
import { type Dora, type DoraOptions, doraOf, type Sample } from "./dora";
import { refreshFacts } from "./keep-facts";
import { findScope, type ScopeInput } from "./load";
import { loadDora } from "./load-dora";
import { loadKnown } from "./load-known";
import { bare } from "./report";

/** Figures, each with its samples where they are asked for. */
export type DoraAnswer = { [K in keyof Dora]: Dora[K] extends { samples: Sample[] } ? Omit<Dora[K], "left"> : Dora[K] };

/**
 * DORA of a window: added up by PostgreSQL, or, where samples or times from the push are asked for, out of its rows.
 * @throws AppError as `findScope` does
 */
export async function doraAnswer(ctx: TeamContext, input: ScopeInput & DoraOptions & { samples: boolean }, window: Window, asOf: Micros): Promise<DoraAnswer> {
  const scope = await findScope(ctx, input);
  if (!input.samples && !input.fromPush) {
    await refreshFacts(ctx, scope);
    return loadDora(ctx, scope, window, asOf, input) as Promise<unknown> as Promise<DoraAnswer>;
  }
  const { live, facts } = await loadKnown(ctx, scope, window, asOf);
  const found = doraOf(live, facts, window, asOf, input);
  if (!input.samples) return bare(found) as unknown as DoraAnswer;
  const { days, quality, ...metrics } = found;
  const shown = Object.fromEntries(Object.entries(metrics).map(([name, { left, ...metric }]) => [name, metric]));
  return { days, quality, ...shown } as DoraAnswer;
}
