import { Form } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import type { TokenView } from "../../../server/accounts/schema";
import { CopyButton } from "../ui/copy";
import { Choice, Field, Fields } from "../ui/field";
import { ProblemCard } from "../ui/problem";
import { acts, type Column, Records } from "../ui/records";
import { Submit } from "../ui/submit";
import { Ago } from "../ui/time";

const SCOPES = [
  { value: "*", label: "everything" },
  { value: "write", label: "read and write" },
  { value: "read", label: "read only" },
];
const scopeWord = (scopes: string[]) => scopes.map((scope) => SCOPES.find((one) => one.value === scope)?.label ?? scope).join(", ");

const COLUMNS: Column<TokenView>[] = [
  { head: "Name", className: "strong", cell: ({ name }) => name },
  { head: "May", cell: ({ scopes }) => scopeWord(scopes) },
  { head: "Created", className: "t3", isNamedOnPhone: true, cell: ({ createdAt }) => <Ago at={createdAt} /> },
  { head: "Expires", className: "t3", isNamedOnPhone: true, cell: ({ expiresAt }) => (expiresAt ? <Ago at={expiresAt} /> : "never") },
  { head: "Last used", className: "t3", isNamedOnPhone: true, cell: ({ lastUsedAt }) => (lastUsedAt ? <Ago at={lastUsedAt} /> : "never") },
  acts(({ id, name }) => (
    <Form method="post" preventScrollReset>
      <input type="hidden" name="token" value={id} />
      <input type="hidden" name="name" value={name} />
      <Submit intent="revoke-token" className="btn btn-small btn-danger">
        Revoke<span className="sr"> {name}</span>
      </Submit>
    </Form>
  )),
];

/** API tokens: shown once when they are made. */
export function Tokens({ tokens, created }: { tokens: TokenView[]; created: { name: string; token: string } | null }) {
  const refused = useRefused("create-token");
  const notRevoked = useRefused("revoke-token");
  return (
    <section className="sect">
      <div className="sect-head">
        <h2>API tokens</h2>
        <span className="t2">for the command line and for programs</span>
      </div>
      {created ? (
        <div className="panel" role="status">
          <h2>Token {created.name}</h2>
          <p className="t2" style={{ marginBottom: 8 }}>
            Copy it now: it is not shown again.
          </p>
          <span className="copyline">
            <code>{created.token}</code>
            <CopyButton text={created.token} label="Copy the token" />
          </span>
        </div>
      ) : null}
      {notRevoked ? <ProblemCard problem={notRevoked.problem} /> : null}
      <Records
        caption="API tokens"
        items={tokens}
        columns={COLUMNS}
        empty="No token yet. The command line signs in with one: DOKPLOY_TOKEN, or dokploy login."
      />
      <Form method="post" className="form" style={{ marginTop: 16 }} preventScrollReset key={tokens.length}>
        <Fields refused={refused}>
          <div className="pair">
            <Field name="name" label="Token name" required maxLength={100} autoComplete="off" placeholder="laptop" />
            <Choice name="scope" label="May" defaultValue="*" options={SCOPES} />
            <Field name="expires" label="Expires after" autoComplete="off" placeholder="never" hint="30d, 12h" />
          </div>
          <p className="end">
            <Submit intent="create-token" busy="Creating …">
              Create token
            </Submit>
          </p>
        </Fields>
      </Form>
    </section>
  );
}
