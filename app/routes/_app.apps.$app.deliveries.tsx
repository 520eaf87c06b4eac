import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { Form, Link, useLoaderData } from "@remix-run/react";
import { CopyButton } from "~/components/ui/copy";
import { ProblemCard } from "~/components/ui/problem";
import { acts, type Column, Records } from "~/components/ui/records";
import { Submit } from "~/components/ui/submit";
import { Ago } from "~/components/ui/time";
import { Unwell } from "~/components/ui/unwell";
import { useRefused } from "~/lib/actions";
import { done } from "~/lib/flash.server";
import { act, load } from "~/lib/trpc.server";
import type { DeliveryView } from "../../server/webhooks/schema";

export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const reference = { app: args.params.app ?? "" };
    const search = new URL(args.request.url).searchParams;
    const [app, page] = await Promise.all([
      api.apps.read(reference),
      api.webhooks.deliveries({ ...reference, limit: 50, cursor: search.get("cursor") ?? undefined }),
    ]);
    const id = search.get("show");
    return { url: app.webhook.url, page, shown: id ? await api.webhooks.delivery({ ...reference, delivery: id }) : null };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const app = args.params.app ?? "";
    const answered = await api.webhooks.redeliver({ app, delivery: String(form.get("delivery") ?? "") });
    return done(
      `/apps/${app}/deliveries`,
      answered.deployment ? "Delivered again: it is being deployed." : `Delivered again: ${answered.reason ?? `answered ${answered.status}`}.`,
    );
  });

export default function Deliveries() {
  const { url, page, shown } = useLoaderData<typeof loader>();
  const refused = useRefused("redeliver");
  return (
    <div className="stack">
      <section>
        <div className="sect-head">
          <h2>Deliveries</h2>
          <span className="t2">what Git hosts told, and what we answered</span>
        </div>
        {refused ? <ProblemCard problem={refused.problem} /> : null}
        {shown ? <Body delivery={shown} /> : null}
        <Records caption="Deliveries, newest first" items={page.items} columns={COLUMNS} empty={<NoDelivery url={url} />} />
        {page.nextCursor ? (
          <p className="end">
            <Link className="link" to={`?cursor=${page.nextCursor}`}>
              Earlier deliveries
            </Link>
          </p>
        ) : null}
      </section>
    </div>
  );
}

function NoDelivery({ url }: { url: string }) {
  return (
    <>
      <p>
        No Git host has called yet. Add a webhook for push events to the repository, with content type application/json and the secret from Settings; then each
        push is deployed.
      </p>
      <p className="copyline">
        <code>{url}</code>
        <CopyButton text={url} label="Copy the address" />
      </p>
    </>
  );
}

const COLUMNS: Column<DeliveryView>[] = [
  { head: "From", cell: (one) => `${one.provider} ${one.event ?? ""}` },
  { head: "Answer", cell: (one) => <span className={`state g-${one.status < 300 ? "succeeded" : "failed"}`}>{one.status}</span> },
  { head: "Came of it", className: "wrap-cell full", cell: (one) => <Result delivery={one} /> },
  { head: "At", className: "num t2", cell: (one) => <Ago at={one.receivedAt} /> },
  acts((one) => (
    <Form method="post">
      <Link className="btn btn-small" to={`?show=${one.id}`} preventScrollReset>
        Body<span className="sr"> of the delivery</span>
      </Link>
      <input type="hidden" name="delivery" value={one.id} />
      <Submit intent="redeliver" className="btn btn-small" busy="Redelivering …">
        Redeliver
      </Submit>
    </Form>
  )),
];

function Result({ delivery: { deployment, deploymentNumber, reason } }: { delivery: DeliveryView }) {
  if (!deployment) return <span className="t2">{reason ?? "nothing"}</span>;
  return (
    <Link className="link" to={`/deployments/${deployment}`}>
      deployment{deploymentNumber === null ? "" : ` #${deploymentNumber}`}
    </Link>
  );
}

function Body({ delivery }: { delivery: { body: string | null; provider: string; event: string | null } }) {
  return (
    <section className="panel" aria-label="Body of the delivery">
      <h3>
        {delivery.provider} {delivery.event ?? ""}
      </h3>
      {delivery.body === null ? <p className="t2">The body was too large to be kept.</p> : <pre className="code">{delivery.body}</pre>}
      <p className="end">
        <Link className="link" to="?" preventScrollReset>
          Close
        </Link>
      </p>
    </section>
  );
}
