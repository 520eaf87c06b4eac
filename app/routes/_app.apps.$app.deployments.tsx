import type { LoaderFunctionArgs } from "@remix-run/node";
import { Form, Link, useLoaderData, useParams } from "@remix-run/react";
import { DeploymentsTable, useDeploymentScale } from "~/components/app/deployments-table";
import { Submit } from "~/components/ui/submit";
import { Ago } from "~/components/ui/time";
import { Unwell } from "~/components/ui/unwell";
import { load } from "~/lib/trpc.server";

export { Unwell as ErrorBoundary };

const PAGE = 50;

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const app = args.params.app ?? "";
    const cursor = new URL(args.request.url).searchParams.get("after");
    const [page, releases] = await Promise.all([
      api.deployments.timeline({ app, limit: PAGE, ...(cursor ? { cursor } : {}) }),
      api.deployments.releases({ app }),
    ]);
    return { ...page, isFirst: cursor === null, releases: releases.items };
  });

export default function Deployments() {
  const { items, nextCursor, isFirst, releases } = useLoaderData<typeof loader>();
  const { app } = useParams();
  const { now, max, words } = useDeploymentScale(items);
  if (items.length === 0) {
    return (
      <div className="empty">
        <h2 className="strong">No deployment yet</h2>
        <p>Every deployment is listed here with its time drawn to scale, so that a slow one is seen at once. Press Deploy to make the first.</p>
      </div>
    );
  }
  return (
    <div className="stack">
      <section>
        <div className="sect-head">
          <h2>Deployments</h2>
          <span className="small t3">{words}</span>
        </div>
        <DeploymentsTable items={items} now={now} max={max} />
        <p className="form" style={{ marginTop: 12, display: "flex" }}>
          {isFirst ? null : (
            <Link className="btn" to="?">
              Newest
            </Link>
          )}
          {nextCursor ? (
            <Link className="btn" to={`?after=${nextCursor}`}>
              Older
            </Link>
          ) : null}
        </p>
      </section>
      {releases.length > 0 && isFirst ? (
        <section>
          <div className="sect-head">
            <h2>Releases</h2>
            <span className="t2">what can be gone back to</span>
          </div>
          <table className="tbl dense stackable">
            <caption className="sr">Releases</caption>
            <thead>
              <tr>
                <th>Release</th>
                <th>State</th>
                <th>Commit</th>
                <th>Image</th>
                <th className="num">First live</th>
                <th>
                  <span className="sr">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {releases.map((release) => (
                <tr key={release.id}>
                  <td className="strong">{release.number}</td>
                  <td>
                    <span className={`state g-${release.isLive ? "succeeded" : release.isRetained ? "queued" : "cancelled"}`}>
                      {release.isLive ? "live" : release.isRetained ? "kept" : "image removed"}
                    </span>
                  </td>
                  <td className="mono">{release.commit?.slice(0, 7) ?? "–"}</td>
                  <td className="mono t3 cut full">{release.image}</td>
                  <td className="num t3">{release.liveAt ? <Ago at={release.liveAt} /> : "–"}</td>
                  <td className="acts">
                    {release.isRetained && !release.isLive && release.liveAt ? (
                      <Form method="post" action={`/apps/${app}`}>
                        <input type="hidden" name="to" value={release.number} />
                        <Submit intent="rollback" className="btn btn-small">
                          Roll back to {release.number}
                        </Submit>
                      </Form>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : null}
    </div>
  );
}
