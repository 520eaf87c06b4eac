import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { Link, type ShouldRevalidateFunction, useLoaderData, useSearchParams } from "@remix-run/react";
import { ConfigFiles } from "~/components/app/config-files";
import { EnvironmentTable } from "~/components/app/environment-table";
import { EnvironmentText } from "~/components/app/environment-text";
import { counted } from "~/components/time/format";
import { ProblemCard } from "~/components/ui/problem";
import { Unwell } from "~/components/ui/unwell";
import { useRefused } from "~/lib/actions";
import { changesOf } from "~/lib/environment-form";
import { fileOf } from "~/lib/file-form";
import { done } from "~/lib/flash.server";
import { variableKeySchema } from "~/lib/schemas.server";
import { type Api, act, load, refused } from "~/lib/trpc.server";
import type { Problem } from "~/lib/types";

export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const app = args.params.app ?? "";
    const search = new URL(args.request.url).searchParams;
    const reveal = search.has("reveal");
    const path = search.get("file");
    const [{ items }, files] = await Promise.all([api.apps.variables({ app, reveal }), api.apps.files.list({ app })]);
    const found = files.items.find((file) => file.path === path && file.isText);
    return { variables: items, isRevealed: reveal, files: files.items, open: found ? await api.apps.files.read({ app, path: found.path }) : null };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const app = args.params.app ?? "";
    const deploy = form.get("deploy") === "on";
    if (form.get("intent") === "file-set" || form.get("intent") === "file-remove") return changeFile(api, app, form, deploy);
    const changes = changesOf(form);
    const wrong = wrongKey(changes.set.map((one) => one.key));
    if (wrong) return refused(wrong, form);
    const changed =
      form.get("intent") === "import"
        ? await api.apps.importVariables({
            app,
            text: String(form.get("text") ?? ""),
            secret: form.get("secret") === "on",
            replace: form.get("replace") === "on",
            deploy,
            trigger: "page",
          })
        : await api.apps.changeVariables({ app, ...changes, deploy, trigger: "page" });
    const run = changed.deployment;
    return done(
      `/apps/${app}/environment`,
      run ? `Saved; deploying as #${run.number}.` : `Saved: ${counted(changed.variables.length, "key")}.`,
      run ? { label: "Show", to: `/deployments/${run.id}` } : undefined,
    );
  });

async function changeFile(api: Api, app: string, form: FormData, deploy: boolean) {
  const isRemoval = form.get("intent") === "file-remove";
  const path = String(form.get("path") ?? "").trim();
  const change = isRemoval ? { unset: [path] } : { set: [fileOf(form)] };
  const { deployment: run } = await api.apps.files.change({ app, ...change, deploy, trigger: "page" });
  const said = isRemoval ? `Removed ${path}` : `Stored ${path}`;
  return done(
    `/apps/${app}/environment`,
    run ? `${said}; deploying as #${run.number}.` : `${said}.`,
    run ? { label: "Show", to: `/deployments/${run.id}` } : undefined,
  );
}

function wrongKey(keys: string[]): Problem | null {
  for (const key of keys) {
    const parsed = variableKeySchema.safeParse(key);
    if (parsed.success) continue;
    const fix = "Change it and save again: nothing was saved yet.";
    return { code: "bad_request", what: `“${key}” cannot be a key.`, why: parsed.error.issues[0]?.message ?? "", fix, status: 400, fields: {} };
  }
  return null;
}

/** Revealing secrets is recorded, so what merely happens elsewhere does not ask for them again. */
export const shouldRevalidate: ShouldRevalidateFunction = ({ formMethod, currentUrl, nextUrl, defaultShouldRevalidate }) =>
  formMethod === undefined && currentUrl.href === nextUrl.href ? false : defaultShouldRevalidate;

export default function Environment() {
  const { variables, isRevealed, files, open } = useLoaderData<typeof loader>();
  const [search] = useSearchParams();
  const isText = search.get("view") === "text";
  const changeRefused = useRefused("change");
  const importRefused = useRefused("import");
  const problem = (changeRefused ?? importRefused)?.problem;
  const version = variables.map((one) => `${one.key} ${one.updatedAt}`).join(" ");
  const reveal = isRevealed ? "" : "reveal";
  return (
    <div className="stack">
      <section>
        <div className="sect-head">
          <h2>Environment</h2>
          <span className="t2">{counted(variables.length, "key")}; changes are saved together and deployed once</span>
          <span className="aside">
            <span className="btn-group">
              <Link className="btn btn-small" to="?" aria-pressed={!isText} role="button">
                Table
              </Link>
              <Link className="btn btn-small" to="?view=text" aria-pressed={isText} role="button">
                .env text
              </Link>
            </span>{" "}
            {variables.some((one) => one.secret) ? (
              <Link className="btn btn-small" to={`?${isText ? "view=text&" : ""}${reveal}`} replace>
                {isRevealed ? "Hide secrets" : "Reveal secrets"}
              </Link>
            ) : null}
          </span>
        </div>
        {problem ? <ProblemCard problem={problem} /> : null}
        {isText ? <EnvironmentText key={version + isRevealed} variables={variables} /> : <EnvironmentTable key={version + isRevealed} variables={variables} />}
      </section>
      <ConfigFiles files={files} open={open} />
    </div>
  );
}
