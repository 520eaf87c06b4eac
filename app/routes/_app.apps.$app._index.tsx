import type { LoaderFunctionArgs } from "@remix-run/node";
import { Link, useLoaderData, useRouteLoaderData } from "@remix-run/react";
import { DeploymentsTable, useDeploymentScale } from "~/components/app/deployments-table";
import { FirstDeployment } from "~/components/app/first";
import { Slots } from "~/components/app/slots";
import { Expected } from "~/components/deployment/expected";
import { counted } from "~/components/time/format";
import { Icon } from "~/components/ui/icon";
import { Unwell } from "~/components/ui/unwell";
import { load } from "~/lib/trpc.server";
import type { loader as appLoader } from "./_app.apps.$app";

export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const reference = { app: args.params.app ?? "" };
    const [page, variables, prediction] = await Promise.all([
      api.deployments.timeline({ ...reference, limit: 10 }),
      api.apps.variables(reference),
      api.metrics.prediction(reference),
    ]);
    const deliveries = page.items.length === 0 ? (await api.webhooks.deliveries({ ...reference, limit: 1 })).items : [];
    return {
      deployments: page.items,
      prediction,
      delivery: deliveries[0] ?? null,
      secrets: variables.items.filter((one) => one.secret).length,
      plain: variables.items.filter((one) => !one.secret).length,
    };
  });

export default function Overview() {
  const { deployments, prediction, delivery, secrets, plain } = useLoaderData<typeof loader>();
  const app = useRouteLoaderData<typeof appLoader>("routes/_app.apps.$app")?.app;
  const { now, max, words } = useDeploymentScale(deployments);
  if (!app) return null;
  if (deployments.length === 0) return <FirstDeployment app={app} keys={secrets + plain} delivery={delivery} />;
  return (
    <div className="cols2">
      <div>
        <Slots app={app} runs={deployments} />
        <section>
          <div className="sect-head">
            <h2>Last deployments</h2>
            <span className="small t3 hide-phone">{words}</span>
            <Link className="aside link small" to="deployments">
              All deployments
            </Link>
          </div>
          <DeploymentsTable items={deployments} now={now} max={max} />
          <Expected prediction={prediction} subject="A deployment" />
        </section>
      </div>
      <div className="side">
        <section>
          <div className="sect-head">
            <h2>Domains</h2>
            <Link className="aside link small" to="domains">
              Add
            </Link>
          </div>
          <ul>
            {app.domains.map((domain) => (
              <li key={domain.host + domain.path}>
                <Icon name={domain.tls === "off" ? "globe" : "lock"} className="t3" />
                <span className="cut">
                  {domain.host}
                  {domain.path === "/" ? "" : domain.path}
                </span>
                <span className="num t3">{domain.tls === "off" ? "HTTP" : "HTTPS"}</span>
              </li>
            ))}
          </ul>
        </section>
        <section>
          <div className="sect-head">
            <h2>Environment</h2>
            <span className="t2">{counted(secrets + plain, "key")}</span>
            <Link className="aside link small" to="environment">
              Edit
            </Link>
          </div>
          <dl>
            <dt>plain</dt>
            <dd>{plain}</dd>
            <dt>secret</dt>
            <dd>{secrets}</dd>
          </dl>
        </section>
        <section>
          <div className="sect-head">
            <h2>Health</h2>
            <Link className="aside link small" to="settings">
              Change
            </Link>
          </div>
          <dl>
            <dt>{app.health.kind === "http" ? <code>GET {app.health.path}</code> : "TCP connection"}</dt>
            <dd>port {app.port ?? "found"}</dd>
            <dt>answers in a row</dt>
            <dd>{app.health.successes}</dd>
            <dt>limit</dt>
            <dd>{app.health.timeoutS}&#8239;s</dd>
          </dl>
        </section>
      </div>
    </div>
  );
}
