import { Link } from "@remix-run/react";
import type { OverviewApp } from "../../../server/apps/overview";
import { counted, duration } from "../time/format";
import { MiniStream, tookOf } from "../time/mini";
import { Icon } from "../ui/icon";
import { AppState, DeploymentState } from "../ui/states";
import { Ago } from "../ui/time";

export type ListedApp = Omit<OverviewApp, "projectId">;
export type ListedProject = { id: string; name: string; apps: ListedApp[] };

const sourceOf = (source: string) => source.replace(/^\w+:\/\//, "").replace(/\.git$/, "");

/** Applications by project, each with its last deployment drawn on one scale. */
export function AppsTable({ projects, max, now }: { projects: ListedProject[]; max: number; now: number }) {
  return (
    <table className="tbl apps stackable">
      <caption className="sr">Applications by project</caption>
      <thead>
        <tr>
          <th>Application</th>
          <th className="kind">Source</th>
          <th>Environment</th>
          <th>State</th>
          <th>Last deployment</th>
          <th>Time, drawn to scale</th>
          <th className="num">Took</th>
          <th className="num">At</th>
        </tr>
      </thead>
      {projects.map((project) => (
        <tbody key={project.id} id={project.name}>
          <tr className="proj">
            <th colSpan={8} scope="rowgroup">
              <span className="proj-row">
                <Link to={`/projects/${project.name}`}>{project.name}</Link>
                <span className="t3 small">{counted(project.apps.length, "application")}</span>
                <Link className="btn btn-small" to={`/projects/${project.name}/new`}>
                  <Icon name="plus" small />
                  New application
                </Link>
              </span>
            </th>
          </tr>
          {project.apps.map((app) => (
            <AppRow key={app.id} app={app} max={max} now={now} />
          ))}
          {project.apps.length === 0 ? (
            <tr>
              <td colSpan={8} className="t2 wrap-cell full">
                No application yet.{" "}
                <Link className="link" to={`/projects/${project.name}/new`}>
                  Create the first
                </Link>{" "}
                from a Git repository or an image.
              </td>
            </tr>
          ) : null}
        </tbody>
      ))}
    </table>
  );
}

function AppRow({ app, max, now }: { app: ListedApp; max: number; now: number }) {
  const { last } = app;
  return (
    <tr>
      <td>
        <Link className="strong" to={`/apps/${app.id}`}>
          {app.name}
        </Link>
      </td>
      <td className="t3 small cut kind hide-phone">{sourceOf(app.source)}</td>
      <td className="t2">{app.environment}</td>
      <td>
        <AppState app={app} /> {app.release === null ? null : <span className="t3">{app.release}</span>}
      </td>
      {last ? (
        <>
          <td>
            <Link to={`/deployments/${last.id}`}>
              <span className="t3 nr">#{last.number}</span> <DeploymentState run={last} />
            </Link>
          </td>
          <td className="mini-cell full">
            <MiniStream run={last} max={max} now={now} />
          </td>
          <td className="num">{duration(tookOf(last, now))}</td>
          <td className="num t3">
            <Ago at={last.finishedAt ?? last.createdAt} />
          </td>
        </>
      ) : (
        <td colSpan={4}>
          <Link className="link" to={`/apps/${app.id}`}>
            Deploy it
          </Link>
        </td>
      )}
    </tr>
  );
}
