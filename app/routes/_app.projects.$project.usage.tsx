import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { Unwell } from "~/components/ui/unwell";
import { NothingSeen, Seen } from "~/components/usage/seen";
import { UsageCharts } from "~/components/usage/usage-charts";
import { UsageForm } from "~/components/usage/usage-form";
import { WasteTable } from "~/components/usage/waste-table";
import { useUsageEvents } from "~/lib/live";
import { load } from "~/lib/trpc.server";
import { readUsage } from "~/lib/usage.server";
import metricStyles from "../styles/metric.css";
import nodeStyles from "../styles/nodes.css";
import streamStyles from "../styles/streams.css";
import styles from "../styles/usage.css";

export const links: LinksFunction = () => [streamStyles, metricStyles, nodeStyles, styles].map((href) => ({ rel: "stylesheet", href }));
export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Usage · ${data?.report.of.name ?? "Project"} · Dokploy` }];
export const handle = {
  crumbs: ({ report }: { report: { of: { name: string } } }) => [
    { label: "Projects", to: "/projects" },
    { label: report.of.name, to: `/projects/${report.of.name}` },
    { label: "Usage" },
  ],
};
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) => load(args, (api) => readUsage(api, args.request, { project: args.params.project ?? "" }));

export default function ProjectUsage() {
  const { filters, report, csv, query } = useLoaderData<typeof loader>();
  useUsageEvents(report.step);
  const isSeen = report.points.some((point) => point.cpu !== null);
  return (
    <div className="usage">
      <header className="head">
        <div>
          <h1>Usage of {report.of.name}</h1>
          <p className="meta">
            <span>all its applications together</span>
            <Seen report={report} />
          </p>
        </div>
        <div className="actions">
          <Link className="btn" to={`/projects/${report.of.name}`}>
            Applications
          </Link>
        </div>
      </header>
      <UsageForm action={`/projects/${report.of.name}/usage`} filters={filters} />
      {isSeen ? <UsageCharts report={report} given={{ cpu: [], memory: [] }} csv={csv.points} /> : null}
      {report.sampledAt === null && !isSeen ? <NothingSeen of="project" /> : <WasteTable apps={report.apps} query={query} csv={csv.apps} withProject={false} />}
    </div>
  );
}
