import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData, useSearchParams } from "@remix-run/react";
import { useState } from "react";
import { AppsTable, type ListedApp, type ListedProject } from "~/components/app/apps-table";
import { Guide } from "~/components/app/guide";
import { CreateProject, NoProject } from "~/components/app/no-project";
import { counted, tick } from "~/components/time/format";
import { tookOf } from "~/components/time/mini";
import { niceScale } from "~/components/time/scale";
import { Icon } from "~/components/ui/icon";
import { Unwell } from "~/components/ui/unwell";
import { useRefused } from "~/lib/actions";
import { useNow } from "~/lib/clock";
import { done } from "~/lib/flash.server";
import { listing } from "~/lib/listing.server";
import { act, load } from "~/lib/trpc.server";
import styles from "../styles/projects.css";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: styles }];
export const meta: MetaFunction = () => [{ title: "Projects · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Projects", to: "/projects" }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) => load(args, async (api) => ({ projects: await listing(api) }));

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const project = await api.projects.create({ name: String(form.get("name") ?? "") });
    return done(`/projects/${project.name}/new`, `Created the project ${project.name}.`);
  });

export default function Projects() {
  const { projects } = useLoaderData<typeof loader>();
  const [search] = useSearchParams();
  const [word, setWord] = useState("");
  const refused = useRefused("create-project");
  const apps = projects.flatMap((project) => project.apps);
  const isShipping = apps.some((app) => app.last?.finishedAt === null);
  const now = useNow(isShipping ? 1000 : null);
  const longest = Math.max(1, ...apps.map((app) => (app.last ? tookOf(app.last, now) : 0)));
  const { max } = niceScale(longest);
  const isAsking = search.has("new") || refused !== undefined;

  if (projects.length === 0) return <NoProject title="Projects" />;
  return (
    <>
      <header className="head">
        <div>
          <h1>Projects</h1>
          <p className="meta">
            <span>
              {counted(projects.length, "project")}, {counted(apps.length, "application")}
            </span>
          </p>
        </div>
        <div className="actions">
          <Link className="btn btn-primary" to="?new">
            <Icon name="plus" />
            New project
          </Link>
        </div>
      </header>
      {isAsking ? (
        <section className="panel" aria-label="New project">
          <h2>New project</h2>
          <CreateProject />
        </section>
      ) : null}
      <Guide projects={projects} />
      <div className="filters">
        <label className="find">
          <span className="sr">Search projects and applications</span>
          <Icon name="search" />
          <input className="input" type="search" placeholder="Name or repository" value={word} onChange={(event) => setWord(event.target.value)} />
          <span className="kbd hide-phone">/</span>
        </label>
        <span className="end t3 small hide-phone">bars on one scale, 0–{tick(max)}</span>
      </div>
      <section aria-labelledby="q1">
        <div className="sect-head">
          <h2 id="q1">What runs where?</h2>
          <p className="answer">{answer(apps)}</p>
        </div>
        <AppsTable projects={matching(projects, word)} max={max} now={now} />
      </section>
      <p className="legend" style={{ marginTop: 12 }}>
        <span>
          <i className="swatch va" />
          work
        </span>
        <span>
          <i className="swatch nnva" />
          necessary
        </span>
        <span>
          <i className="swatch wait" />
          wait
        </span>
        <span className="t3">the number beside a state is the release</span>
      </p>
    </>
  );
}

function answer(apps: ListedApp[]): string {
  if (apps.length === 0) return "Nothing yet: the projects are empty.";
  const running = apps.filter((app) => app.status === "healthy").length;
  const rest = apps.filter((app) => app.status !== "healthy");
  const words = { never_deployed: "was never deployed", degraded: "lost replicas", down: "is down", stopped: "is stopped", healthy: "" };
  const named = rest.slice(0, 3).map((app) => `${app.name} ${words[app.status]}`);
  const more = rest.length > 3 ? `, and ${rest.length - 3} more need a look` : "";
  return `${running} of ${apps.length} ${apps.length === 1 ? "runs" : "run"} healthy.${named.length > 0 ? ` ${named.join(", ")}${more}.` : ""}`;
}

function matching(projects: ListedProject[], word: string): ListedProject[] {
  const wish = word.trim().toLowerCase();
  if (!wish) return projects;
  return projects.flatMap((project) => {
    if (project.name.includes(wish)) return [project];
    const apps = project.apps.filter((app) => app.name.includes(wish) || app.source.toLowerCase().includes(wish));
    return apps.length > 0 ? [{ ...project, apps }] : [];
  });
}
