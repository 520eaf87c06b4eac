import { Form, Link } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import type { App } from "../../../server/apps/schema";
import type { DeliveryView } from "../../../server/webhooks/schema";
import { CopyButton } from "../ui/copy";
import { ProblemCard } from "../ui/problem";
import { Submit } from "../ui/submit";
import { Ago } from "../ui/time";

/** Where the Git host tells of pushes; the secret is shown on demand only. */
export function WebhookSettings({ app, last }: { app: App; last: DeliveryView | null }) {
  const refused = useRefused("rotate");
  const { url, secret } = app.webhook;
  return (
    <section className="sect" id="webhook">
      <div className="sect-head">
        <h2>Webhook</h2>
        <span className="t2">the Git host calls it at every push</span>
      </div>
      {refused ? <ProblemCard problem={refused.problem} /> : null}
      <div className="form">
        <div className="field">
          <span className="flabel">Address</span>
          <span className="copyline">
            <code>{url}</code>
            <CopyButton text={url} label="Copy the address" />
          </span>
        </div>
        <div className="field">
          <span className="flabel">Secret</span>
          {secret === undefined ? (
            <span className="copyline">
              <span className="mask">••••••••••••</span>
              <Link className="btn btn-small" to="?reveal#webhook" preventScrollReset>
                Reveal the secret
              </Link>
            </span>
          ) : (
            <span className="copyline">
              <code>{secret}</code>
              <CopyButton text={secret} label="Copy the secret" />
              <Link className="btn btn-small" to="?#webhook" preventScrollReset>
                Hide
              </Link>
            </span>
          )}
          <span className="hint">Give the host both, with content type application/json, for push events.</span>
        </div>
        <Form method="post" preventScrollReset>
          <Submit intent="rotate" busy="Rotating …">
            Rotate the secret
          </Submit>
        </Form>
      </div>
      <p className="small" style={{ marginTop: 12 }}>
        {last ? (
          <>
            <span className={`state g-${last.status < 300 ? "succeeded" : "failed"}`}>answered {last.status}</span>{" "}
            <span className="t3">
              to {last.provider} {last.event ?? ""} <Ago at={last.receivedAt} />.{" "}
            </span>
          </>
        ) : (
          <span className="t3">The Git host has not called yet. </span>
        )}
        <Link className="link" to={`/apps/${app.id}/deliveries`}>
          All deliveries
        </Link>
      </p>
    </section>
  );
}
