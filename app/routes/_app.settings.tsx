import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Credentials } from "~/components/settings/credentials";
import { Notices } from "~/components/settings/notices";
import { Tokens } from "~/components/settings/tokens";
import { Unwell } from "~/components/ui/unwell";
import { useAnswer } from "~/lib/actions";
import { done } from "~/lib/flash.server";
import { invalid } from "~/lib/problem.server";
import { act, load, refused } from "~/lib/trpc.server";
import { createTokenSchema } from "../../server/accounts/schema";
import { createCredentialSchema } from "../../server/credentials/schema";
import { setNoticeTargetSchema } from "../../server/notices/schema";

export const meta: MetaFunction = () => [{ title: "Settings · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Settings" }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const [person, tokens, credentials, notices] = await Promise.all([
      api.accounts.whoami(),
      api.tokens.list({ limit: 200 }),
      api.credentials.list({ limit: 200 }),
      api.notices.read(),
    ]);
    return { person, tokens: tokens.items, credentials: credentials.items, notices };
  });

const text = (form: FormData, name: string) => String(form.get(name) ?? "").trim() || undefined;

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    switch (form.get("intent")) {
      case "create-token": {
        const parsed = createTokenSchema.safeParse({ name: text(form, "name") ?? "", scopes: [text(form, "scope") ?? "*"], expires: text(form, "expires") });
        if (!parsed.success) return refused(invalid(parsed.error), form);
        const created = await api.tokens.create(parsed.data);
        return { created: { name: parsed.data.name, token: created.token } };
      }
      case "set-notices": {
        const parsed = setNoticeTargetSchema.safeParse({ kind: form.get("kind"), address: text(form, "address") ?? "" });
        if (!parsed.success) return refused(invalid(parsed.error), form);
        const target = await api.notices.set(parsed.data);
        if (target.kind === "mail") return done("/settings#notices", `Failures are told to ${target.address}.`);
        return { noticeSecret: target.secret };
      }
      case "test-notice":
        return { tested: await api.notices.test() };
      case "remove-notices":
        await api.notices.remove();
        return done("/settings", "No notices are sent any more.");
      case "revoke-token":
        await api.tokens.revoke({ token: text(form, "token") ?? "" });
        return done("/settings", `Revoked the token ${text(form, "name") ?? ""}.`);
      case "remove-credential":
        await api.credentials.remove({ credential: text(form, "credential") ?? "" });
        return done("/settings", `Removed the credential ${text(form, "name") ?? ""}.`);
      default: {
        const kind = form.get("kind");
        const parsed = createCredentialSchema.safeParse({
          name: text(form, "name") ?? "",
          host: text(form, "host") ?? "",
          ...(kind === "token" ? { username: text(form, "username"), token: text(form, "token") ?? "" } : {}),
          ...(kind === "ssh" ? { sshKey: `${text(form, "sshKey") ?? ""}\n` } : {}),
          ...(kind === "generate" ? { generateSshKey: true } : {}),
        });
        if (!parsed.success) return refused(invalid(parsed.error), form);
        const created = await api.credentials.create(parsed.data);
        return done("/settings", created.publicKey ? `Stored ${created.name}. Give its public key to ${created.host}.` : `Stored ${created.name}.`);
      }
    }
  });

export default function Settings() {
  const { person, tokens, credentials, notices } = useLoaderData<typeof loader>();
  const answer = useAnswer<typeof action>();
  const created = answer && typeof answer === "object" && "created" in answer ? answer.created : null;
  const noticeSecret = answer && typeof answer === "object" && "noticeSecret" in answer ? answer.noticeSecret : null;
  const tested = answer && typeof answer === "object" && "tested" in answer ? answer.tested : null;
  return (
    <>
      <header className="head">
        <div>
          <h1>Settings</h1>
        </div>
      </header>
      <div className="stack">
        <section className="sect">
          <div className="sect-head">
            <h2>You</h2>
          </div>
          <dl className="person-facts">
            <dt>Name</dt>
            <dd>{person.name}</dd>
            <dt>E-mail</dt>
            <dd>{person.email}</dd>
            <dt>Team</dt>
            <dd>
              {person.team.name}, {person.team.role}
            </dd>
          </dl>
        </section>
        <Credentials credentials={credentials} />
        <Tokens tokens={tokens} created={created} />
        <Notices notices={notices} secret={noticeSecret} tested={tested} />
      </div>
    </>
  );
}
