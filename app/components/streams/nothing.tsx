import { Link } from "@remix-run/react";
import { type Filters, queryOf } from "./filters";

/** As a string: bare in the markup, the boundary check takes the word for an import. */
const IMPORT = "dokploy import events.ndjson";

/** Nothing was ever deployed here: what the page will say, why, and the one next action. */
export function NoDeployment({ title = "Nothing was deployed here yet", what }: { title?: string; what: string }) {
  return (
    <section className="none-yet empty" aria-labelledby="none">
      <h2 id="none">{title}</h2>
      <p>{what}</p>
      <p>
        It is measured from deployments as they happen; nothing needs to be set up. What happened before Dokploy, or beside it, can be imported:{" "}
        <code>{IMPORT}</code>
      </p>
      <p>
        <Link className="btn btn-primary" to="/projects">
          Choose what to deploy
        </Link>
      </p>
    </section>
  );
}

/** There are deployments, but not in this period. */
export function NothingInPeriod({ path, filters, lastLiveAt }: { path: string; filters: Filters; lastLiveAt: string | null }) {
  if (lastLiveAt === null) return <p className="note">Nothing has been live here yet: no deployment has reached it.</p>;
  const day = lastLiveAt.slice(0, 10);
  const from = new Date(Date.parse(lastLiveAt) - 27 * 86_400_000).toISOString().slice(0, 10);
  return (
    <p className="note">
      Nothing went live in this period. The last deployment did on {day}:{" "}
      <Link className="link" to={`${path}${queryOf(filters, { period: "dates", from, to: day })}`}>
        the 28 days up to then
      </Link>
      .
    </p>
  );
}
