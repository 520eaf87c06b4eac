import { Form, Link } from "@remix-run/react";
import type { App } from "../../../server/apps/schema";
import type { DeliveryView } from "../../../server/webhooks/schema";
import { CopyButton } from "../ui/copy";
import { Submit } from "../ui/submit";
import { Ago } from "../ui/time";

/** What brings about the first deployment: the Git host's call, or a press of the button. */
export function NextAction({ app, delivery }: { app: App; delivery: DeliveryView | null }) {
  const deploy = (
    <Form method="post" action={`/apps/${app.id}`}>
      <Submit intent="deploy" busy="Deploying …">
        Deploy now
      </Submit>
    </Form>
  );
  if ("image" in app.source)
    return (
      <section className="panel next" aria-label="Next">
        <h2>Next: deploy it</h2>
        <p className="t2">The image is fetched, started and checked; then it gets the traffic.</p>
        {deploy}
      </section>
    );
  return (
    <section className="panel next" aria-label="Next">
      <h2 className="state g-queued">{delivery ? "No delivery has led to a deployment yet" : "Waiting for the first delivery"}</h2>
      {delivery?.reason ? (
        <p className="t2">
          The Git host called <Ago at={delivery.receivedAt} />; answered {delivery.status}: {delivery.reason}{" "}
          <Link className="link" to="deliveries">
            All deliveries
          </Link>
        </p>
      ) : (
        <p className="t2">
          Add a webhook for push events to the repository, with content type application/json, this address and the secret; then push to{" "}
          <code>{app.source.branch}</code>. Or deploy what the branch holds now.
        </p>
      )}
      <p className="copyline">
        <code>{app.webhook.url}</code>
        <CopyButton text={app.webhook.url} label="Copy the address" />
      </p>
      <div className="go">
        <Link className="btn" to="settings?reveal#webhook">
          Show the secret
        </Link>
        {deploy}
      </div>
    </section>
  );
}
