import { createTRPCClient, httpLink, TRPCClientError } from "@trpc/client";
import superjson from "superjson";
import type { AppRouter } from "../server/router";

export type ClientOptions = {
  /** The dashboard's address, for example http://127.0.0.1:3000. */
  url: string;
  token?: string | undefined;
  /** Name or id; only for tokens that know several teams. */
  team?: string | undefined;
  /** Session cookie, used while signing in. */
  cookie?: string | undefined;
};

/**
 * The typed client: every procedure of the server, with the types of its input and answer.
 *
 * @example
 * const dokploy = createClient({ url: "http://127.0.0.1:3000", token });
 * const { items } = await dokploy.projects.list.query();
 */
export function createClient(options: ClientOptions) {
  return createTRPCClient<AppRouter>({
    links: [httpLink({ url: `${options.url.replace(/\/+$/, "")}/api/trpc`, transformer: superjson, headers: () => headersOf(options) })],
  });
}
export type Client = ReturnType<typeof createClient>;
export { TRPCClientError as ClientError };

export function headersOf({ token, team, cookie }: ClientOptions): Record<string, string> {
  return { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(team ? { "x-dokploy-team": team } : {}), ...(cookie ? { cookie } : {}) };
}
