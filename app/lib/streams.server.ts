import { data, type LoaderFunctionArgs } from "@remix-run/node";
import { DateTime } from "luxon";
import { type Filters, type NamedPlace, readFilters } from "~/components/streams/filters";
import { problemOf } from "./problem.server";
import { type Api, load } from "./trpc.server";
import type { Problem } from "./types";

export type Question = { project?: string; app?: string; environment?: string; from?: string; to?: string; tz: string };
export type StreamPage<T> = { filters: Filters; places: NamedPlace[]; answer: T | null; problem: Problem | null };

/** A page of value streams: what its address asks for, answered; or what is wrong with the question, so that the form stays usable. */
export const readStreamPage = <T, M extends object = Record<never, never>>(
  args: LoaderFunctionArgs,
  ask: (api: Api, question: Question) => Promise<T>,
  more: M = {} as M,
) =>
  load(args, async (api) => {
    const filters = readFilters(new URL(args.request.url).searchParams);
    const places = await api.metrics.places();
    try {
      return data<StreamPage<T> & M>({ ...more, filters, places, answer: await ask(api, questionOf(filters, Date.now())), problem: null });
    } catch (error) {
      const problem = problemOf(error);
      if (!problem) throw error;
      // the service's fix is for a terminal; here the form is at hand
      const shown = problem.code === "not_found" ? { ...problem, fix: "Choose another one above; the lists hold all that there is." } : problem;
      return data<StreamPage<T> & M>({ ...more, filters, places, answer: null, problem: shown }, { status: problem.status });
    }
  });

/** The same question as a query of the public API. */
export const apiQuery = (question: Record<string, string | boolean | undefined>): string =>
  new URLSearchParams(
    Object.entries(question).flatMap(([name, value]) => (value === undefined || value === "" || value === false ? [] : [[name, String(value)]])),
  ).toString();

/** People mean the last day too; a window ends before its end. Days up to now begin at the zone's midnight. */
function questionOf({ project, app, environment, period, from, to, tz }: Filters, now: number): Question {
  const today = DateTime.fromMillis(now, { zone: tz });
  const begin = period === "dates" ? from : today.minus({ days: Number(period) - 1 }).toISODate();
  const end = /^\d{4}-\d\d-\d\d$/.test(to) ? (DateTime.fromISO(to).plus({ days: 1 }).toISODate() ?? to) : to;
  return {
    ...(project ? { project } : {}),
    ...(app ? { app } : {}),
    ...(environment ? { environment } : {}),
    ...(begin ? { from: begin } : {}),
    ...(end ? { to: end } : {}),
    tz,
  };
}
