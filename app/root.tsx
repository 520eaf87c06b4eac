import { data, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Links, Meta, Outlet, Scripts, ScrollRestoration, useLoaderData, useRouteLoaderData } from "@remix-run/react";
import type { ReactNode } from "react";
import { Unwell } from "~/components/ui/unwell";
import { ClockProvider } from "~/lib/clock";
import { forgetFlash, readFlash } from "~/lib/flash.server";
import { readTheme } from "~/lib/theme.server";
import styles from "./styles/app.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "icon", href: "/favicon.svg", type: "image/svg+xml" },
];
export const meta: MetaFunction = () => [{ title: "Dokploy" }];

export async function loader({ request }: LoaderFunctionArgs) {
  const flash = await readFlash(request);
  const isWholePage = request.headers.get("accept")?.includes("text/html") ?? false;
  return data({ theme: await readTheme(request), flash, now: Date.now() }, flash && isWholePage ? { headers: { "Set-Cookie": await forgetFlash() } } : {});
}

export function Layout({ children }: { children: ReactNode }) {
  const root = useRouteLoaderData<typeof loader>("root");
  const theme = root?.theme ?? "system";
  return (
    <html lang="en" {...(theme === "system" ? {} : { "data-theme": theme })}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={theme === "system" ? "light dark" : theme} />
        <Meta />
        <Links />
      </head>
      <body>
        {children}
        <ScrollRestoration />
        <Scripts />
      </body>
    </html>
  );
}

export default function App() {
  const { now } = useLoaderData<typeof loader>();
  return (
    <ClockProvider now={now}>
      <Outlet />
    </ClockProvider>
  );
}

export function ErrorBoundary() {
  return (
    <main className="sheet" id="main">
      <Unwell />
    </main>
  );
}
