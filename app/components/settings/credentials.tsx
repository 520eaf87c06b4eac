import { Form } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import type { CredentialView } from "../../../server/credentials/schema";
import { CopyButton } from "../ui/copy";
import { Field, Fields, Wrong } from "../ui/field";
import { ProblemCard } from "../ui/problem";
import { acts, type Column, Records } from "../ui/records";
import { Submit } from "../ui/submit";
import { Ago } from "../ui/time";

const KINDS = [
  { value: "token", label: "Access token" },
  { value: "generate", label: "New deploy key" },
  { value: "ssh", label: "My SSH key" },
] as const;

const COLUMNS: Column<CredentialView>[] = [
  { head: "Name", className: "strong", cell: ({ name }) => name },
  { head: "Host", cell: ({ host }) => host },
  { head: "Kind", cell: ({ kind, username }) => (kind === "ssh" ? "SSH key" : `token${username && username !== "x-access-token" ? ` of ${username}` : ""}`) },
  { head: "Public key", className: "full", cell: (one) => <PublicKey credential={one} /> },
  { head: "Added", className: "t3", isNamedOnPhone: true, cell: ({ createdAt }) => <Ago at={createdAt} /> },
  acts(({ id, name }) => (
    <Form method="post" preventScrollReset>
      <input type="hidden" name="credential" value={id} />
      <input type="hidden" name="name" value={name} />
      <Submit intent="remove-credential" className="btn btn-small btn-danger">
        Remove<span className="sr"> {name}</span>
      </Submit>
    </Form>
  )),
];

function PublicKey({ credential: { name, publicKey } }: { credential: CredentialView }) {
  if (publicKey === null) return <span className="t3 hide-phone">–</span>;
  return (
    <span className="copyline">
      <code className="cut" style={{ maxWidth: 280 }}>
        {publicKey}
      </code>
      <CopyButton text={publicKey} label={`Copy the public key of ${name}`} />
    </span>
  );
}

/** What private repositories and registries are fetched with. Secrets are never shown again. */
export function Credentials({ credentials }: { credentials: CredentialView[] }) {
  const notRemoved = useRefused("remove-credential");
  return (
    <section className="sect">
      <div className="sect-head">
        <h2>Credentials</h2>
        <span className="t2">for private repositories and registries</span>
      </div>
      {notRemoved ? <ProblemCard problem={notRemoved.problem} /> : null}
      <Records
        caption="Credentials"
        items={credentials}
        columns={COLUMNS}
        empty="None stored. Public repositories need none; for a private one store an access token, or let a deploy key be made here."
      />
      <AddCredential key={credentials.length} />
    </section>
  );
}

function AddCredential() {
  const refused = useRefused("create-credential");
  return (
    <Form method="post" className="form" style={{ marginTop: 16 }} preventScrollReset>
      <Fields refused={refused}>
        <fieldset className="choices">
          <legend>Kind</legend>
          {KINDS.map((one) => (
            <label className="choice" key={one.value}>
              <input type="radio" name="kind" value={one.value} defaultChecked={(refused?.typed.kind ?? "token") === one.value} />
              {one.label}
            </label>
          ))}
        </fieldset>
        <div className="pair">
          <Field name="name" label="Credential name" required autoComplete="off" spellCheck={false} placeholder="git-host" />
          <Field name="host" label="Host" required autoComplete="off" spellCheck={false} placeholder="git.example.com" />
        </div>
        <div className="pair" data-when="token">
          <Field name="username" label="User name" autoComplete="off" spellCheck={false} placeholder="not needed by most hosts" />
          <Field name="token" label="Access token" type="password" autoComplete="new-password" />
        </div>
        <div className="field" data-when="ssh">
          <label htmlFor="ssh-key">Private key</label>
          <textarea className="input" id="ssh-key" name="sshKey" rows={5} spellCheck={false} placeholder="-----BEGIN OPENSSH PRIVATE KEY-----" />
          <Wrong text={refused?.problem.fields.sshKey} />
        </div>
        <p className="small t3" data-when="generate">
          A key pair is made here; its public half is shown, to be added to the repository as a deploy key.
        </p>
        <p className="end">
          <Submit intent="create-credential" busy="Storing …">
            Add credential
          </Submit>
        </p>
      </Fields>
    </Form>
  );
}
