import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { type ShouldRevalidateFunction, useLoaderData } from "@remix-run/react";
import { DangerZone } from "~/components/app/danger-zone";
import { HealthSettings, RunningSettings, SourceSettings } from "~/components/app/settings-forms";
import { WebhookSettings } from "~/components/app/webhook-settings";
import { Unwell } from "~/components/ui/unwell";
import { FIELD_NAMES, settingsOf } from "~/lib/app-form";
import { confirmName } from "~/lib/confirm.server";
import { done } from "~/lib/flash.server";
import { invalid } from "~/lib/problem.server";
import { updateAppSchema } from "~/lib/schemas.server";
import { act, load, refused } from "~/lib/trpc.server";
import { NotationError } from "../../server/apps/notation";

export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const reference = { app: args.params.app ?? "" };
    const reveal = new URL(args.request.url).searchParams.has("reveal");
    const [app, credentials, deliveries] = await Promise.all([
      api.apps.read({ ...reference, reveal }),
      api.credentials.list({ limit: 200 }),
      api.webhooks.deliveries({ ...reference, limit: 1 }),
    ]);
    return { app, credentials: credentials.items.map(({ name, host }) => ({ name, host })), lastDelivery: deliveries.items[0] ?? null };
  });

/** A form that somebody is filling in is not filled in again by what happens elsewhere. */
export const shouldRevalidate: ShouldRevalidateFunction = ({ formMethod, currentUrl, nextUrl, defaultShouldRevalidate }) =>
  formMethod === undefined && currentUrl.href === nextUrl.href ? false : defaultShouldRevalidate;

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const reference = { app: args.params.app ?? "" };
    const here = `/apps/${reference.app}/settings`;
    const app = await api.apps.read(reference);
    switch (form.get("intent")) {
      case "rotate":
        await api.apps.rotateWebhook(reference);
        return done(`${here}?reveal#webhook`, "The webhook has a new secret. Give it to the Git host.");
      case "start":
        await api.apps.start(reference);
        return done(here, `Starting ${app.name}.`);
      case "stop":
        await api.apps.stop(reference);
        return done(here, `Stopping ${app.name}.`);
      case "restart":
        await api.apps.restart(reference);
        return done(here, `Restarting ${app.name}.`);
      case "delete":
        confirmName(form, app.name);
        await api.apps.delete(reference);
        return done(`/projects/${app.project}`, `Deleting ${app.name}.`);
      default: {
        const settings = readSettings(form);
        if (settings instanceof NotationError)
          return refused({ code: "bad_request", status: 400, what: settings.message, fields: { [settings.field]: settings.message } }, form);
        const parsed = updateAppSchema.safeParse(settings);
        if (!parsed.success) {
          const problem = invalid(parsed.error);
          return refused(
            {
              ...problem,
              fields: Object.fromEntries(Object.entries(problem.fields).map(([name, said]) => [FIELD_NAMES[name] ?? name.replace(/\.\d+$/, ""), said])),
            },
            form,
          );
        }
        await api.apps.update({ ...reference, settings: parsed.data });
        return done(here, "Saved. It holds from the next deployment on; replicas change at once.");
      }
    }
  });

function readSettings(form: FormData) {
  try {
    return settingsOf(form);
  } catch (error) {
    if (error instanceof NotationError) return error;
    throw error;
  }
}

export default function Settings() {
  const { app, credentials, lastDelivery } = useLoaderData<typeof loader>();
  const version = JSON.stringify([app.source, app.settings, app.health, app.port, app.replicas, app.strategy]);
  return (
    <div className="stack" key={version}>
      <SourceSettings app={app} credentials={credentials} />
      <RunningSettings app={app} />
      <HealthSettings app={app} />
      {"git" in app.source ? <WebhookSettings app={app} last={lastDelivery} /> : null}
      <DangerZone app={app} />
    </div>
  );
}
