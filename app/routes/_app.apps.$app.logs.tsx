import type { LinksFunction, LoaderFunctionArgs } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { AppLog } from "~/components/log/app-log";
import { Unwell } from "~/components/ui/unwell";
import { load } from "~/lib/trpc.server";
import logStyles from "../styles/log.css";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: logStyles }];
export { Unwell as ErrorBoundary };

const TAIL = 500;

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const reference = { app: args.params.app ?? "" };
    const [app, page] = await Promise.all([api.apps.read(reference), api.logs.app({ ...reference, limit: TAIL })]);
    return { id: app.id, lines: page.items };
  });

/** New lines come over the live channel; running the loader again would only repeat the tail. */
export const shouldRevalidate = () => false;

export default function Logs() {
  const { id, lines } = useLoaderData<typeof loader>();
  return <AppLog key={id} id={id} first={lines} />;
}
