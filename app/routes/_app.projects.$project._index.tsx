import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { AppsTable } from "~/components/app/apps-table";
import { Destroy } from "~/components/app/destroy";
import { counted } from "~/components/time/format";
import { tookOf } from "~/components/time/mini";
import { niceScale } from "~/components/time/scale";
import { Icon } from "~/components/ui/icon";
import { Unwell } from "~/components/ui/unwell";
import { useNow } from "~/lib/clock";
import { confirmName } from "~/lib/confirm.server";
import { done } from "~/lib/flash.server";
import { listing } from "~/lib/listing.server";
import { act, load } from "~/lib/trpc.server";
import styles from "../styles/projects.css";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: styles }];
export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.project.name ?? "Project"} · Dokploy` }];
export const handle = { crumbs: (data: { project: { name: string } }) => [{ label: "Projects", to: "/projects" }, { label: data.project.name }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const name = args.params.project ?? "";
    const [project] = await listing(api, name);
    if (!project) throw new Response(null, { status: 404 });
    return { project };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const project = await api.projects.read({ project: args.params.project ?? "" });
    confirmName(form, project.name);
    await api.projects.delete({ project: project.id });
    return done("/projects", `Deleting the project ${project.name} and what is in it.`);
  });

export default function Project() {
  const { project } = useLoaderData<typeof loader>();
  const now = useNow(project.apps.some((app) => app.last?.finishedAt === null) ? 1000 : null);
  const { max } = niceScale(Math.max(1, ...project.apps.map((app) => (app.last ? tookOf(app.last, now) : 0))));
  return (
    <>
      <header className="head">
        <div>
          <h1>{project.name}</h1>
          <p className="meta">
            <span>{counted(project.apps.length, "application")}</span>
          </p>
        </div>
        <div className="actions">
          <Link className="btn" to={`/projects/${project.name}/usage`}>
            Usage
          </Link>
          <Link className="btn btn-primary" to="new">
            <Icon name="plus" />
            New application
          </Link>
        </div>
      </header>
      <AppsTable projects={[project]} max={max} now={now} />
      <section className="sect" style={{ marginTop: 32 }} aria-label="Delete the project">
        <Destroy
          intent="delete"
          action="?index"
          name={project.name}
          what={`Delete ${project.name}`}
          said={`Stops and removes ${counted(project.apps.length, "application")} with their domains and configuration. The ledger of deployments stays.`}
        />
      </section>
    </>
  );
}
