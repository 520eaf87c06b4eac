import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, Link, useLoaderData, useSearchParams } from "@remix-run/react";
import { useState } from "react";
import { AppsTable, type ListedApp, type ListedProject } from "~/components/app/apps-table";
import { Guide } from "~/components/app/guide";
import { DoraTiles } from "~/components/streams/overview";
import { counted, tick } from "~/components/time/format";
import { tookOf } from "~/components/time/mini";
import { niceScale } from "~/components/time/scale";
import { Field, Fields } from "~/components/ui/field";
import { Icon } from "~/components/ui/icon";
import { Submit } from "~/components/ui/submit";
import { Unwell } from "~/components/ui/unwell";
import { useRefused } from "~/lib/actions";
import { useNow } from "~/lib/clock";
import { done } from "~/lib/flash.server";
import { listing } from "~/lib/listing.server";
import { act, load } from "~/lib/trpc.server";
import metricStyles from "../styles/metric.css";
import styles from "../styles/projects.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: metricStyles },
];
export const meta: MetaFunction = () => [{ title: "Projects · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Projects", to: "/projects" }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const [projects, overview] = await Promise.all([listing(api), api.improvement.overview()]);
    return { projects, overview };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const project = await api.projects.create({ name: String(form.get("name") ?? "") });
    return done(`/projects/${project.name}/new`, `Created the project ${project.name}.`);
  });

export default function Projects() {
  const { projects, overview } = useLoaderData<typeof loader>();
  const [search] = useSearchParams();
  const [word, setWord] = useState("");
  const refused = useRefused("create-project");
  const apps = projects.flatMap((project) => project.apps);
  const isShipping = apps.some((app) => app.last?.finishedAt === null);
  const now = useNow(isShipping ? 1000 : null);
  const longest = Math.max(1, ...apps.map((app) => (app.last ? tookOf(app.last, now) : 0)));
  const { max } = niceScale(longest);
  const isAsking = search.has("new") || refused !== undefined;

  if (projects.length === 0) return <NoProject />;
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
      {overview.deployments > 0 ? <DoraTiles report={overview} /> : null}
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

function CreateProject() {
  const refused = useRefused("create-project");
  return (
    <Form method="post" action="/projects?index" className="form">
      <Fields refused={refused}>
        <Field
          name="name"
          label="Name"
          required
          maxLength={40}
          autoComplete="off"
          spellCheck={false}
          hint="Lower-case letters, digits and hyphens. It becomes part of addresses."
          placeholder="storefront"
        />
        <p className="end">
          <Submit intent="create-project" className="btn btn-primary" busy="Creating …">
            Create project
          </Submit>
        </p>
      </Fields>
    </Form>
  );
}

function NoProject() {
  return (
    <>
      <header className="head">
        <div>
          <h1>Projects</h1>
        </div>
      </header>
      <div className="none">
        <div>
          <Guide projects={[]} create={<CreateProject />} />
          <p className="t2" style={{ marginTop: 16 }}>
            A project holds what belongs together: the applications of one product, each with its own address, configuration and history. A push is built,
            started beside what runs, checked, and only then given the traffic; every step is timed.
          </p>
        </div>
        <div>
          <p className="t2">Or from a terminal</p>
          <pre className="code">
            {
              "dokploy project create storefront\ndokploy app create shop-web --project storefront \\\n  --git https://git.example.com/shop-web.git\ndokploy deploy shop-web --wait"
            }
          </pre>
        </div>
      </div>
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
