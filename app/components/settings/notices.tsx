import { Form } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import type { NoticeAnswer, NoticeTargetView } from "../../../server/notices/schema";
import { CopyButton } from "../ui/copy";
import { Field, Fields } from "../ui/field";
import { ProblemCard } from "../ui/problem";
import { Submit } from "../ui/submit";
import { Ago } from "../ui/time";

const KINDS = [
  { value: "webhook", label: "Webhook" },
  { value: "mail", label: "E-mail" },
] as const;

/** Where the team hears of failed deployments. */
export function Notices({
  notices: { target, canMail },
  secret,
  tested,
}: {
  notices: { target: NoticeTargetView | null; canMail: boolean };
  secret: string | null;
  tested: NoticeAnswer | null;
}) {
  const refused = useRefused("test-notice") ?? useRefused("remove-notices");
  return (
    <section className="sect" id="notices">
      <div className="sect-head">
        <h2>Notices</h2>
        <span className="t2">when a deployment fails</span>
      </div>
      {refused ? <ProblemCard problem={refused.problem} /> : null}
      {secret ? <NewSecret secret={secret} /> : null}
      {tested ? (
        <p className="note" role="status">
          <span className={`state g-${tested.isAccepted ? "succeeded" : "failed"}`}>{tested.isAccepted ? "accepted" : "not accepted"}</span>{" "}
          <span className="wrap-cell">{tested.answer}</span>
        </p>
      ) : null}
      {target ? (
        <Target target={target} />
      ) : (
        <p className="note">Nobody is told. Name an address, and every failure is sent there with what, why and the fix.</p>
      )}
      <SetTarget key={target?.id ?? ""} canMail={canMail} isSet={target !== null} />
    </section>
  );
}

function NewSecret({ secret }: { secret: string }) {
  return (
    <div className="panel" role="status">
      <h2>Signing secret</h2>
      <p className="t2" style={{ marginBottom: 8 }}>
        Copy it now: it is not shown again. Each notice carries X-Dokploy-Signature-256, the HMAC-SHA-256 of its body under this secret.
      </p>
      <span className="copyline">
        <code>{secret}</code>
        <CopyButton text={secret} label="Copy the signing secret" />
      </span>
    </div>
  );
}

function Target({ target }: { target: NoticeTargetView }) {
  return (
    <div className="danger-row">
      <div>
        <p>
          {target.kind === "mail" ? "E-mail to" : "Webhook at"} <code>{target.address}</code>
        </p>
        <p className="small t3">
          {target.last ? (
            <>
              last notice <Ago at={target.last.at} />: {target.last.isAccepted ? "accepted" : "not accepted"}, {target.last.answer}
            </>
          ) : (
            "no notice sent yet"
          )}
        </p>
      </div>
      <Form method="post" action="/settings#notices" preventScrollReset>
        <Submit intent="test-notice" className="btn btn-small" busy="Sending …">
          Send a test notice
        </Submit>
        <Submit intent="remove-notices" className="btn btn-small btn-danger">
          Stop notices
        </Submit>
      </Form>
    </div>
  );
}

function SetTarget({ canMail, isSet }: { canMail: boolean; isSet: boolean }) {
  const refused = useRefused("set-notices");
  return (
    <Form method="post" action="/settings#notices" className="form" style={{ marginTop: 16 }} preventScrollReset>
      <Fields refused={refused}>
        {canMail ? (
          <fieldset className="choices">
            <legend>By</legend>
            {KINDS.map((one) => (
              <label className="choice" key={one.value}>
                <input type="radio" name="kind" value={one.value} defaultChecked={(refused?.typed.kind ?? "webhook") === one.value} />
                {one.label}
              </label>
            ))}
          </fieldset>
        ) : (
          <input type="hidden" name="kind" value="webhook" />
        )}
        <Field
          name="address"
          label="Address"
          required
          autoComplete="off"
          spellCheck={false}
          placeholder="https://chat.example.com/hooks/…"
          hint={canMail ? undefined : "For e-mail, start Dokploy with SMTP_URL."}
        />
        <p className="end">
          <Submit intent="set-notices" busy="Saving …">
            {isSet ? "Send them here instead" : "Send notices here"}
          </Submit>
        </p>
      </Fields>
    </Form>
  );
}
