import { Link } from "@remix-run/react";
import type { Overview, StandingApp } from "../../../server/overview/schema";
import { size, within } from "../time/size";
import { AppState } from "../ui/states";
import { Ago } from "../ui/time";
import { restText, standingText } from "./standing";

/** From here on it may be ended for want of memory. */
const NEARLY_ALL = 0.9;

/** Is everything up? The worst first, each with what it uses now. */
export function Up({ apps }: { apps: Overview["apps"] }) {
  const { said, rest } = standingText(apps);
  const more = restText(apps);
  const hasProjects = new Set(apps.listed.map((app) => app.project)).size > 1;
  return (
    <section aria-labelledby="up">
      <div className="sect-head">
        <h2 id="up">Is everything up?</h2>
        <p className="answer">
          <b>{said}</b> {rest}
        </p>
      </div>
      {apps.listed.length > 0 ? (
        <table className="tbl dense stackable up">
          <caption className="sr">Applications, the worst first</caption>
          <thead>
            <tr>
              <th>Application</th>
              <th>State</th>
              <th className="num">CPU, cores</th>
              <th className="num">Memory</th>
              <th className="num">Live since</th>
            </tr>
          </thead>
          <tbody>
            {apps.listed.map((app) => (
              <AppRow key={app.id} app={app} hasProject={hasProjects} />
            ))}
          </tbody>
        </table>
      ) : null}
      <p className="after small t2">
        {more ? (
          <Link to="/projects" className={`state state-12 g-${more.isWell ? "succeeded" : "failed"}`}>
            {more.words}
          </Link>
        ) : null}
        <span className="t3">use: means of the last five minutes</span>
      </p>
    </section>
  );
}

function AppRow({ app, hasProject }: { app: StandingApp; hasProject: boolean }) {
  const place = [...(hasProject ? [app.project] : []), ...(app.environment === "production" ? [] : [app.environment])].join(", ");
  return (
    <tr>
      <td className="cut name">
        <Link className="strong" to={`/apps/${app.id}`}>
          {app.name}
        </Link>
        {place ? <span className="t3 small"> {place}</span> : null}
      </td>
      <td>
        <AppState app={app} />
      </td>
      <td className="num" data-head="CPU">
        {app.cpu === null ? <Unknown /> : app.cpu.toFixed(2)}
      </td>
      <td className="num" data-head="Memory">
        <Memory app={app} />
      </td>
      <td className="num t3" data-head="since">
        {app.liveAt === null ? <Unknown /> : <Ago at={app.liveAt} />}
      </td>
    </tr>
  );
}

const Unknown = () => (
  <span className="t3">
    <span aria-hidden="true">–</span>
    <span className="sr">not known</span>
  </span>
);

function Memory({ app: { memory, memoryLimit } }: { app: StandingApp }) {
  if (memory === null) return <Unknown />;
  if (memoryLimit === null) return size(Math.round(memory));
  const said = within(memory, memoryLimit);
  const isFull = memory >= memoryLimit * NEARLY_ALL;
  return (
    <>
      <span className={isFull ? "state state-12 g-degraded" : undefined}>{said.used}</span>
      <span className="t3"> / {said.whole}</span>
    </>
  );
}
