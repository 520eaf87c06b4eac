import { Form } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import { Field, Fields } from "../ui/field";
import { Submit } from "../ui/submit";
import { Guide } from "./guide";

/** The projects page makes it, wherever it was asked for. */
export function CreateProject() {
  const refused = useRefused("create-project");
  return (
    <Form method="post" action="/projects?index" className="form">
      <Fields refused={refused}>
        <Field
          name="name"
          label="Name"
          required
          maxLength={40}
          autoComplete="off"
          spellCheck={false}
          hint="Lower-case letters, digits and hyphens. It becomes part of addresses."
          placeholder="storefront"
        />
        <p className="end">
          <Submit intent="create-project" className="btn btn-primary" busy="Creating …">
            Create project
          </Submit>
        </p>
      </Fields>
    </Form>
  );
}

/** A team without anything: the way to something live, by the page or from a terminal. */
export function NoProject({ title }: { title: string }) {
  return (
    <>
      <header className="head">
        <div>
          <h1>{title}</h1>
        </div>
      </header>
      <div className="none">
        <div>
          <Guide projects={[]} create={<CreateProject />} />
          <p className="t2" style={{ marginTop: 16 }}>
            A project holds what belongs together: the applications of one product, each with its own address, configuration and history. A push is built,
            started beside what runs, checked, and only then given the traffic; every step is timed.
          </p>
        </div>
        <div>
          <p className="t2">Or from a terminal</p>
          <pre className="code">
            {
              "dokploy project create storefront\ndokploy app create shop-web --project storefront \\\n  --git https://git.example.com/shop-web.git\ndokploy deploy shop-web --wait"
            }
          </pre>
        </div>
      </div>
    </>
  );
}
