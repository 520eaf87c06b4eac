import type { LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, useLoaderData, useMatches, useRouteLoaderData } from "@remix-run/react";
import { type Crumb, Shell } from "~/components/shell/shell";
import { deploymentState } from "~/components/ui/states";
import { Toaster } from "~/components/ui/toaster";
import { Unwell } from "~/components/ui/unwell";
import { LiveProvider, useTeamEvents } from "~/lib/live";
import { load } from "~/lib/trpc.server";
import type { loader as rootLoader } from "~/root";

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api, who) => {
    const [running, queued] = await Promise.all([
      api.deployments.listAll({ status: "running", limit: 20 }),
      api.deployments.listAll({ status: "queued", limit: 100 }),
    ]);
    const [first] = running.items;
    const usual = first ? await api.deployments.usual({ app: first.appId }) : [];
    const expected = usual.length > 0 && first?.kind === "code" ? usual.reduce((sum, step) => sum + step.seconds, 0) : null;
    return {
      who,
      activity: {
        running: running.items.map((run, index) => ({
          id: run.id,
          app: run.app,
          number: run.number,
          word: deploymentState(run).word,
          createdAt: run.createdAt,
          expected: index === 0 ? expected : null,
        })),
        queued: queued.items.length,
      },
    };
  });

export default function SignedInPages() {
  return (
    <LiveProvider>
      <Frame>
        <Outlet />
      </Frame>
    </LiveProvider>
  );
}

function Frame({ children }: { children: React.ReactNode }) {
  const { who, activity } = useLoaderData<typeof loader>();
  const root = useRouteLoaderData<typeof rootLoader>("root");
  const crumbs = useMatches().flatMap((match) => {
    const handle = match.handle as { crumbs?: (data: unknown) => Crumb[] } | undefined;
    return match.data === undefined ? [] : (handle?.crumbs?.(match.data) ?? []);
  });
  useTeamEvents();
  return (
    <Shell who={who} theme={root?.theme ?? "system"} crumbs={crumbs} activity={activity} now={root?.now ?? 0}>
      <Toaster flash={root?.flash ?? null} />
      {children}
    </Shell>
  );
}

export function ErrorBoundary() {
  return (
    <main className="sheet" id="main">
      <Unwell />
    </main>
  );
}
