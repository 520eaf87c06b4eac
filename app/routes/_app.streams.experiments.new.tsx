import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { DateTime } from "luxon";
import { ExperimentForm, readPlace } from "~/components/streams/experiment-form";
import { readFilters } from "~/components/streams/filters";
import { Unwell } from "~/components/ui/unwell";
import { done } from "~/lib/flash.server";
import { act, load } from "~/lib/trpc.server";
import type { MetricKey } from "../../server/metrics/constants";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: styles }];
export const meta: MetaFunction = () => [{ title: "New experiment · Value streams · Dokploy" }];
export const handle = {
  crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "Experiments", to: "/streams/experiments" }, { label: "New" }],
};
export { Unwell as ErrorBoundary };

const USUAL_DAYS = 28;

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const { tz } = readFilters(new URL(args.request.url).searchParams);
    const [places, outcomes] = await Promise.all([api.metrics.places(), api.outcomes.list()]);
    const today = DateTime.now().setZone(tz);
    return {
      places,
      tz,
      outcomes: outcomes.items.filter((one) => one.state !== "closed").map(({ id, title }) => ({ id, title })),
      today: today.toISODate() ?? "",
      until: today.plus({ days: USUAL_DAYS - 1 }).toISODate() ?? "",
    };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const text = (name: string) => String(form.get(name) ?? "");
    const made = await api.experiments.create({
      hypothesis: text("hypothesis"),
      change: text("change"),
      metric: text("metric") as MetricKey,
      ...readPlace(text("place")),
      startsOn: text("startsOn"),
      endsOn: text("endsOn"),
      tz: text("tz") || "UTC",
      ...(text("outcome") ? { outcome: text("outcome") } : {}),
    });
    return done(`/streams/experiments/${made.id}`, "The experiment has begun.");
  });

export default function NewExperiment() {
  const data = useLoaderData<typeof loader>();
  return (
    <>
      <header className="head">
        <div>
          <h1>New experiment</h1>
          <p className="meta">
            <span>say what you expect before you look</span>
          </p>
        </div>
      </header>
      <ExperimentForm {...data} />
    </>
  );
}
