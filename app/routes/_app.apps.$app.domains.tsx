import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { Form, useLoaderData } from "@remix-run/react";
import { Field, Fields } from "~/components/ui/field";
import { Icon } from "~/components/ui/icon";
import { ProblemCard } from "~/components/ui/problem";
import { acts, type Column, Records } from "~/components/ui/records";
import { Submit } from "~/components/ui/submit";
import { Unwell } from "~/components/ui/unwell";
import { useRefused } from "~/lib/actions";
import { done } from "~/lib/flash.server";
import { act, load } from "~/lib/trpc.server";
import type { DomainView } from "../../server/edge/service";

export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => ({ domains: (await api.domains.list({ app: args.params.app ?? "", limit: 200 })).items }));

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const app = args.params.app ?? "";
    const here = `/apps/${app}/domains`;
    if (form.get("intent") === "remove") {
      await api.domains.remove({ domain: String(form.get("domain") ?? ""), app });
      return done(here, `Removed ${String(form.get("host") ?? "the domain")}.`);
    }
    const path = String(form.get("path") ?? "").trim();
    const domain = await api.domains.add({ app, host: String(form.get("host") ?? ""), ...(path ? { path } : {}) });
    return done(here, `Added ${domain.host}.`);
  });

const COLUMNS: Column<DomainView>[] = [
  {
    head: "Address",
    className: "wrap-cell full",
    cell: ({ host, path, tls, url }) => (
      <>
        <Icon name={tls === "off" ? "globe" : "lock"} className="t3" />{" "}
        <a className="link" href={url}>
          {host}
          {path === "/" ? "" : path}
        </a>
      </>
    ),
  },
  { head: "Served by", className: "t2", cell: ({ tls }) => (tls === "off" ? "HTTP" : "HTTPS") },
  acts(({ id, host }) => (
    <Form method="post">
      <input type="hidden" name="domain" value={id} />
      <input type="hidden" name="host" value={host} />
      <Submit intent="remove" className="btn btn-small btn-danger">
        Remove<span className="sr"> {host}</span>
      </Submit>
    </Form>
  )),
];

export default function Domains() {
  const { domains } = useLoaderData<typeof loader>();
  const refused = useRefused("add");
  const notRemoved = useRefused("remove");
  return (
    <div className="stack">
      <section>
        <div className="sect-head">
          <h2>Domains</h2>
          <span className="t2">host names that the edge sends to this application</span>
        </div>
        {notRemoved ? <ProblemCard problem={notRemoved.problem} /> : null}
        <Records
          caption="Domains"
          items={domains}
          columns={COLUMNS}
          empty="Without a domain nobody outside reaches this application. Point a name’s DNS record at this server, then add it here."
        />
      </section>
      <section className="sect">
        <div className="sect-head">
          <h2>Add a domain</h2>
        </div>
        <Form method="post" className="form" key={domains.length}>
          <Fields refused={refused}>
            <div className="pair">
              <Field name="host" label="Host name" required autoComplete="off" spellCheck={false} placeholder="shop.example.com" />
              <Field name="path" label="Path" autoComplete="off" spellCheck={false} placeholder="/" hint="Everything below it." />
            </div>
            <p className="end">
              <Submit intent="add" className="btn btn-primary" busy="Adding …">
                Add domain
              </Submit>
            </p>
          </Fields>
        </Form>
      </section>
    </div>
  );
}
