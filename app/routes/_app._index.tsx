import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import type { ListedProject } from "~/components/app/apps-table";
import { Guide, isOwn } from "~/components/app/guide";
import { NoProject } from "~/components/app/no-project";
import { Faster } from "~/components/overview/faster";
import { Machines } from "~/components/overview/machines";
import { Recent } from "~/components/overview/recent";
import { Shipping } from "~/components/overview/shipping";
import { Up } from "~/components/overview/up";
import { Unwell } from "~/components/ui/unwell";
import { listing } from "~/lib/listing.server";
import { useUsageEvents } from "~/lib/live";
import { load } from "~/lib/trpc.server";
import styles from "../styles/overview.css";
import projectStyles from "../styles/projects.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: projectStyles },
  { rel: "stylesheet", href: styles },
];
export const meta: MetaFunction = () => [{ title: "Overview · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Overview", to: "/" }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const overview = await api.overview.read();
    return { overview, unsettled: overview.apps.isSettled ? null : forGuide(await listing(api)) };
  });

/** Of each project the applications that the guide speaks of: hundreds that were never deployed would be sent for nothing. */
const forGuide = (projects: ListedProject[]): ListedProject[] =>
  projects.map(({ apps, ...project }) => {
    const own = apps.filter(isOwn);
    return { ...project, apps: [own.find((app) => app.last) ?? own[0], apps.find((app) => !isOwn(app))].filter((app) => app !== undefined) };
  });

/** Its figures are means of five minutes. */
const USE_EVERY_S = 60;

export default function OverviewPage() {
  const { overview, unsettled } = useLoaderData<typeof loader>();
  useUsageEvents(USE_EVERY_S);
  const { apps, shipping, faster, recent, machines } = overview;
  if (unsettled?.length === 0) return <NoProject title="Overview" />;
  const isEmpty = apps.total + apps.imported === 0;
  return (
    <>
      <h1 className="sr">Overview</h1>
      {unsettled ? <Guide projects={unsettled} /> : null}
      {isEmpty ? null : (
        <>
          <div className="two">
            <Up apps={apps} />
            <Shipping shipping={shipping} />
          </div>
          <Faster faster={faster} />
        </>
      )}
      <div className={machines === null || recent.length === 0 ? undefined : "two low"}>
        <Recent runs={recent} />
        {machines === null ? null : <Machines machines={machines} />}
      </div>
    </>
  );
}
