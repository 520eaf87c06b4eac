import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { Link, useLoaderData, useRouteLoaderData } from "@remix-run/react";
import { DeploymentsTable, useDeploymentScale } from "~/components/app/deployments-table";
import { FirstDeployment } from "~/components/app/first";
import { Slots } from "~/components/app/slots";
import { Trial } from "~/components/app/trial";
import { Expected } from "~/components/deployment/expected";
import { counted } from "~/components/time/format";
import { Icon } from "~/components/ui/icon";
import { Unwell } from "~/components/ui/unwell";
import { done } from "~/lib/flash.server";
import { trialOf } from "~/lib/traffic-form";
import { act, load } from "~/lib/trpc.server";
import type { loader as appLoader } from "./_app.apps.$app";

export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const reference = { app: args.params.app ?? "" };
    const [page, variables, traffic, releases, prediction] = await Promise.all([
      api.deployments.timeline({ ...reference, limit: 10 }),
      api.apps.variables(reference),
      api.traffic.read(reference),
      api.deployments.releases(reference),
      api.metrics.prediction(reference),
    ]);
    const deliveries = page.items.length === 0 ? (await api.webhooks.deliveries({ ...reference, limit: 1 })).items : [];
    return {
      deployments: page.items,
      traffic,
      candidates: releases.items.filter((one) => one.isRetained && !one.isLive).map(({ number, commit }) => ({ number, commit })),
      prediction,
      delivery: deliveries[0] ?? null,
      secrets: variables.items.filter((one) => one.secret).length,
      plain: variables.items.filter((one) => !one.secret).length,
    };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const app = args.params.app ?? "";
    const here = `/apps/${app}`;
    const intent = form.get("intent");
    if (intent === "promote") {
      const run = await api.traffic.promote({ app, trigger: "page" });
      return done(`/deployments/${run.id}`, `Promoting it as deployment #${run.number}.`);
    }
    if (intent === "end") {
      const { live } = await api.traffic.end({ app });
      return done(here, `Release ${live?.release} has all the traffic again.`);
    }
    const wish = trialOf(form);
    if (wish.kind === "mirror") {
      await api.traffic.mirror({ app, release: wish.release, percent: wish.percent });
      return done(here, `Release ${wish.release} gets copies.`);
    }
    const { kind: _split, ...share } = wish;
    await api.traffic.split({ app, ...share });
    return done(here, `Release ${wish.release} is on trial.`);
  });

export default function Overview() {
  const { deployments, traffic, candidates, prediction, delivery, secrets, plain } = useLoaderData<typeof loader>();
  const app = useRouteLoaderData<typeof appLoader>("routes/_app.apps.$app")?.app;
  const { now, max, words } = useDeploymentScale(deployments);
  if (!app) return null;
  if (deployments.length === 0) return <FirstDeployment app={app} keys={secrets + plain} delivery={delivery} />;
  return (
    <div className="cols2">
      <div>
        <Slots app={app} runs={deployments} traffic={traffic}>
          <Trial app={app} traffic={traffic} candidates={candidates} />
        </Slots>
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
