import { type ActionFunctionArgs, type AppLoadContext, data, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { type Problem, problemOf } from "./problem.server";
import type { SignedIn } from "./types";

type Args = Pick<LoaderFunctionArgs | ActionFunctionArgs, "context" | "request">;
export type Api = AppLoadContext["trpc"];

/** Runs a loader for somebody who is signed in; everybody else goes to the sign-in page and comes back. */
export async function load<T>({ context, request }: Args, run: (api: Api, who: SignedIn) => Promise<T>): Promise<T> {
  const who = requireIdentity({ context, request });
  try {
    return await run(context.trpc, who);
  } catch (error) {
    throw asResponse(error);
  }
}

/** Runs a mutation. What the service refuses comes back as a problem for the form; anything unexpected is thrown. */
export async function act<T>({ context, request }: Args, run: (api: Api, form: FormData) => Promise<T>): Promise<T | ReturnType<typeof refused>> {
  requireIdentity({ context, request });
  const form = await request.formData();
  try {
    return await run(context.trpc, form);
  } catch (error) {
    if (error instanceof Response) throw error;
    const problem = problemOf(error);
    if (!problem) throw error;
    return refused(problem, form);
  }
}

/** What was typed goes back to the form, except what must not travel. */
const SECRET_FIELDS = new Set(["password", "token", "sshKey", "text"]);

export function refused(problem: Problem, form: FormData) {
  const typed: Record<string, string> = {};
  for (const [name, value] of form) if (typeof value === "string" && !SECRET_FIELDS.has(name)) typed[name] = value;
  return data({ problem, typed, intent: String(form.get("intent") ?? "") }, { status: problem.status });
}

function requireIdentity({ context, request }: Args): SignedIn {
  const { identity } = context;
  if (identity) return { email: identity.actor.email, name: identity.actor.name, team: identity.team.teamName, isAdmin: identity.actor.isAdmin };
  const url = new URL(request.url);
  const to = request.method === "GET" ? url.pathname + url.search : "/";
  throw redirect(to === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(to)}`);
}

function asResponse(error: unknown): unknown {
  if (error instanceof Response) return error;
  const problem = problemOf(error);
  return problem ? data(problem, { status: problem.status }) : error;
}
