import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, Link, useLoaderData } from "@remix-run/react";
import { type FormEvent, useState } from "react";
import { Choice, Field, Fields } from "~/components/ui/field";
import { Submit } from "~/components/ui/submit";
import { Unwell } from "~/components/ui/unwell";
import { useRefused } from "~/lib/actions";
import { newAppOf } from "~/lib/app-form";
import { useHydrated } from "~/lib/clock";
import { done } from "~/lib/flash.server";
import { invalid } from "~/lib/problem.server";
import { createAppSchema } from "~/lib/schemas.server";
import { act, load, refused as refuse } from "~/lib/trpc.server";

export const meta: MetaFunction = () => [{ title: "New application · Dokploy" }];
export const handle = {
  crumbs: (data: { project: string }) => [
    { label: "Projects", to: "/projects" },
    { label: data.project, to: `/projects/${data.project}` },
    { label: "New application" },
  ],
};
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const [project, credentials] = await Promise.all([api.projects.read({ project: args.params.project ?? "" }), api.credentials.list({ limit: 200 })]);
    if (args.params.project !== project.name) throw redirect(`/projects/${project.name}/new`);
    return {
      project: project.name,
      environments: project.environments.map((one) => one.name),
      credentials: credentials.items.map(({ name, host }) => ({ name, host })),
    };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const parsed = createAppSchema.safeParse(newAppOf(form, args.params.project ?? ""));
    if (!parsed.success) return refuse(invalid(parsed.error), form);
    const app = await api.apps.create(parsed.data);
    return done(`/apps/${app.id}`, `Created ${app.name}.`);
  });

export default function NewApp() {
  const { project, environments, credentials } = useLoaderData<typeof loader>();
  const refused = useRefused("create-app");
  const source = refused?.typed.source ?? "git";
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const hydrated = useHydrated();

  const check = async (event: FormEvent<HTMLFormElement>) => {
    const form = new FormData(event.currentTarget);
    const { createAppSchema: schema } = await import("../../server/apps/schema");
    const parsed = schema.safeParse(newAppOf(form, project));
    setWrong((before) => {
      if (parsed.success) return {};
      const found = Object.fromEntries(parsed.error.issues.map((issue) => [issue.path.join("."), issue.message]));
      return Object.fromEntries(Object.entries(found).filter(([name]) => name in before || String(form.get(name) ?? "") !== ""));
    });
  };

  return (
    <>
      <header className="head">
        <div>
          <h1>New application</h1>
          <p className="meta">
            <span>
              in <Link to={`/projects/${project}`}>{project}</Link>
            </span>
          </p>
        </div>
      </header>
      <Form method="post" className="form" onBlur={check} noValidate={hydrated}>
        <Fields refused={refused} wrong={wrong}>
          <div className="pair">
            <Field name="name" label="Name" required maxLength={40} autoComplete="off" spellCheck={false} placeholder="shop-web" />
            <Field
              name="environment"
              label="Environment"
              defaultValue="production"
              list="environments"
              autoComplete="off"
              hint="A new name makes a new environment."
            />
            <datalist id="environments">
              {environments.map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </div>
          <fieldset className="choices">
            <legend>Source</legend>
            <label className="choice">
              <input type="radio" name="source" value="git" defaultChecked={source === "git"} />
              Git repository
            </label>
            <label className="choice">
              <input type="radio" name="source" value="image" defaultChecked={source === "image"} />
              Image
            </label>
          </fieldset>
          <div className="form" data-when="git">
            <Field
              name="git"
              label="Git URL"
              autoComplete="off"
              spellCheck={false}
              placeholder="https://git.example.com/shop/web.git"
              hint="https://, ssh:// or git@host:path. With a Dockerfile it is used; without one the build is found from the files."
            />
            <div className="pair">
              <Field name="branch" label="Branch" autoComplete="off" spellCheck={false} placeholder="main" />
              <Field name="path" label="Folder" autoComplete="off" spellCheck={false} placeholder="the whole repository" />
            </div>
          </div>
          <div data-when="image">
            <Field name="image" label="Image" autoComplete="off" spellCheck={false} placeholder="registry.example.com/team/app:1.2" />
          </div>
          {credentials.length > 0 ? (
            <Choice
              name="credential"
              label="Credential"
              defaultValue=""
              options={[{ value: "", label: "none: it is public" }, ...credentials.map(({ name, host }) => ({ value: name, label: `${name} for ${host}` }))]}
            />
          ) : (
            <p className="small t3">
              Private? Store a credential first, under{" "}
              <Link className="link" to="/settings">
                Settings
              </Link>
              .
            </p>
          )}
          <div className="pair">
            <Field name="port" label="Port" inputMode="numeric" autoComplete="off" placeholder="found from the image" hint="Where the program listens." />
            <Field
              name="healthPath"
              label="Health path"
              autoComplete="off"
              spellCheck={false}
              placeholder="/"
              hint="Answers below 400 when it can take traffic."
            />
          </div>
          <p className="end">
            <Submit intent="create-app" className="btn btn-primary" busy="Creating …">
              Create application
            </Submit>
            <Link className="btn" to={`/projects/${project}`}>
              Cancel
            </Link>
          </p>
        </Fields>
      </Form>
    </>
  );
}
