import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, Outlet, useLoaderData } from "@remix-run/react";
import { Icon } from "~/components/ui/icon";
import { ProblemCard } from "~/components/ui/problem";
import { AppState } from "~/components/ui/states";
import { Submit } from "~/components/ui/submit";
import { Tabs } from "~/components/ui/tabs";
import { Unwell } from "~/components/ui/unwell";
import { useRefused } from "~/lib/actions";
import { done } from "~/lib/flash.server";
import { act, load } from "~/lib/trpc.server";
import styles from "../styles/application.css";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: styles }];
export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.app.name ?? "Application"} · Dokploy` }];
export const handle = {
  crumbs: ({ app }: { app: { project: string; name: string; id: string; environment: string } }) => [
    { label: "Projects", to: "/projects" },
    { label: app.project, to: `/projects/${app.project}` },
    { label: app.name, to: `/apps/${app.id}` },
    { label: app.environment },
  ],
};
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const app = await api.apps.read({ app: args.params.app ?? "" });
    const releases = await api.deployments.releases({ app: app.id });
    const earlier = releases.items.find((one) => !one.isLive && one.isRetained && one.liveAt !== null);
    return { app, canRollBack: app.release !== null && earlier !== undefined };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const reference = { app: args.params.app ?? "" };
    if (form.get("intent") === "rollback") {
      const to = form.get("to");
      const run = await api.deployments.rollback({ ...reference, ...(to ? { to: Number(to) } : {}), trigger: "page" });
      return done(`/deployments/${run.id}`, `Rolling ${run.app} back as deployment #${run.number}.`);
    }
    const run = await api.deployments.create({ ...reference, trigger: "page", noCache: form.get("noCache") === "on" });
    return done(`/deployments/${run.id}`, `Deploying ${run.app} as #${run.number}.`);
  });

const TABS = [
  { to: "", label: "Overview" },
  { to: "deployments", label: "Deployments" },
  { to: "logs", label: "Logs" },
  { to: "usage", label: "Usage" },
  { to: "environment", label: "Environment" },
  { to: "domains", label: "Domains" },
  { to: "deliveries", label: "Deliveries" },
  { to: "settings", label: "Settings" },
];

export default function Application() {
  const { app, canRollBack } = useLoaderData<typeof loader>();
  const deployRefused = useRefused("deploy");
  const rollbackRefused = useRefused("rollback");
  const refused = deployRefused ?? rollbackRefused;
  return (
    <>
      <header className="head">
        <div>
          <h1>{app.name}</h1>
          <p className="meta">
            <AppState app={app} />
            {app.url ? (
              <a className="link" href={app.url}>
                {app.url.replace(/^https?:\/\//, "")}
              </a>
            ) : null}
            {"image" in app.source ? (
              <span>
                <Icon name="image" /> {app.source.image}
              </span>
            ) : (
              <span>
                <Icon name="branch" /> {app.source.branch}
              </span>
            )}
            <span>{app.strategy}</span>
          </p>
        </div>
        <Form method="post" action={`/apps/${app.id}`} className="actions">
          <Submit
            intent="rollback"
            disabled={!canRollBack}
            title={canRollBack ? "Deploy the release that was live before" : "There is no earlier release yet"}
            busy="Rolling back …"
          >
            <Icon name="rollback" />
            Roll back
          </Submit>
          <Submit intent="deploy" className="btn btn-primary" busy="Deploying …">
            <Icon name="deploy" />
            Deploy
          </Submit>
        </Form>
      </header>
      {refused ? <ProblemCard problem={refused.problem} /> : null}
      <Tabs label={app.name} tabs={TABS.map(({ to, label }) => ({ to: to === "" ? `/apps/${app.id}` : `/apps/${app.id}/${to}`, label, end: to === "" }))} />
      <div className="tab-body">
        <Outlet />
      </div>
    </>
  );
}
