import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { type Tile, Tiles } from "~/components/streams/tiles";
import { percent } from "~/components/time/format";
import { size } from "~/components/time/size";
import { Unwell } from "~/components/ui/unwell";
import { NothingSeen, Seen } from "~/components/usage/seen";
import { UsageCharts } from "~/components/usage/usage-charts";
import { UsageForm } from "~/components/usage/usage-form";
import { WasteTable } from "~/components/usage/waste-table";
import { useUsageEvents } from "~/lib/live";
import { load } from "~/lib/trpc.server";
import { readUsage } from "~/lib/usage.server";
import { cores } from "../../server/usage/notation";
import type { NodeShare, UsageReport } from "../../server/usage/schema";
import metricStyles from "../styles/metric.css";
import nodeStyles from "../styles/nodes.css";
import streamStyles from "../styles/streams.css";
import styles from "../styles/usage.css";

export const links: LinksFunction = () => [streamStyles, metricStyles, nodeStyles, styles].map((href) => ({ rel: "stylesheet", href }));
export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.report.of.name ?? "Node"} · Cluster · Dokploy` }];
export const handle = {
  crumbs: ({ report }: { report: { of: { name: string } } }) => [{ label: "Cluster", to: "/nodes" }, { label: report.of.name }],
};
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) => load(args, (api) => readUsage(api, args.request, { node: args.params.node ?? "" }));

export default function NodeUsage() {
  const { filters, report, csv, query } = useLoaderData<typeof loader>();
  useUsageEvents(report.step);
  const { node } = report;
  return (
    <div className="usage">
      <header className="head">
        <div>
          <h1>{report.of.name}</h1>
          <p className="meta">
            <span>what the machine uses, whoever’s it is</span>
            <Seen report={report} />
          </p>
        </div>
        <div className="actions">
          <Link className="btn" to={`/nodes?node=${report.of.id}#node`}>
            Manage
          </Link>
        </div>
      </header>
      <UsageForm action={`/nodes/${report.of.id}`} filters={filters} />
      {node === null ? (
        report.sampledAt === null ? (
          <NothingSeen of="node" />
        ) : (
          <p className="note">Nobody looked in this time. Choose a later one.</p>
        )
      ) : (
        <>
          <Tiles label="The machine in numbers" tiles={tilesOf(report, node)} />
          <UsageCharts
            report={report}
            given={{
              cpu: [{ at: node.cores, label: `all ${node.cores}` }],
              memory: [{ at: node.memoryTotal, label: `all ${size(node.memoryTotal)}` }],
            }}
            csv={csv.points}
          />
          <WasteTable apps={report.apps} query={query} csv={csv.apps} withProject />
          <p className="small t2 usage-note">
            Not of these applications: {cores(node.restCpu)} and {size(Math.round(node.restMemory))} in the mean. That is the system, the platform with its
            database and edge, builds, and what other teams run.
          </p>
        </>
      )}
    </div>
  );
}

function tilesOf({ total }: UsageReport, node: NodeShare): Tile[] {
  const { cpu = 0, memory = 0 } = { cpu: total.cpu ?? 0, memory: total.memory ?? 0 };
  return [
    { label: "Processor, mean", value: percent(cpu, node.cores), how: `${cores(cpu)} of ${node.cores}; at most ${cores(total.cpuMost ?? 0)}` },
    {
      label: "Memory, mean",
      value: percent(memory, node.memoryTotal),
      how: `${size(Math.round(memory))} of ${size(node.memoryTotal)}; at most ${size(total.memoryMost ?? 0)}`,
    },
    {
      label: "Disk in use",
      value: percent(node.diskUsed, node.diskTotal),
      how: `${size(node.diskUsed)} of ${size(node.diskTotal)}, where the engine keeps its data`,
    },
    { label: "Load, now", value: node.load.toFixed(2), how: `tasks that want a processor, of ${node.cores}` },
  ];
}
