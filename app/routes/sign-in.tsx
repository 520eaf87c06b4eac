import { type ActionFunctionArgs, data, type LinksFunction, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { Brand } from "~/components/ui/icon";
import { ProblemCard } from "~/components/ui/problem";
import { problemOf } from "~/lib/problem.server";
import { safePath } from "~/lib/safe-path";
import styles from "../styles/sign-in.css";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: styles }];
export const meta: MetaFunction = () => [{ title: "Sign in · Dokploy" }];

export function loader({ context, request }: LoaderFunctionArgs) {
  if (context.identity) throw redirect(safePath(new URL(request.url).searchParams.get("to")));
  return { host: new URL(context.address.dashboard).host };
}

export async function action({ context, request }: ActionFunctionArgs) {
  const form = await request.formData();
  const email = String(form.get("email") ?? "");
  try {
    await context.trpc.accounts.signIn({ email, password: String(form.get("password") ?? "") });
  } catch (error) {
    const problem = problemOf(error);
    if (!problem) throw error;
    return data({ problem, email }, { status: problem.status });
  }
  return redirect(safePath(new URL(request.url).searchParams.get("to")));
}

export default function SignIn() {
  const { host } = useLoaderData<typeof loader>();
  const refused = useActionData<typeof action>();
  const isBusy = useNavigation().state !== "idle";
  return (
    <div className="gate">
      <header>
        <Brand to="/" />
      </header>
      <main id="main">
        <div>
          <h1>Sign in</h1>
          <p className="t2">
            to <b>{host}</b>
          </p>
        </div>
        {refused ? <ProblemCard problem={refused.problem} /> : null}
        <Form method="post" className="form">
          <div className="field">
            <label htmlFor="email">E-mail</label>
            <input className="input" id="email" name="email" type="email" autoComplete="username" required defaultValue={refused?.email ?? ""} />
          </div>
          <div className="field">
            <label htmlFor="password">Password</label>
            <input className="input" id="password" name="password" type="password" autoComplete="current-password" required />
          </div>
          <button type="submit" className="btn btn-primary" aria-disabled={isBusy}>
            {isBusy ? "Signing in …" : "Sign in"}
          </button>
        </Form>
      </main>
      <footer>
        <p className="meta">
          <span>Accounts are made by an administrator</span>
        </p>
      </footer>
    </div>
  );
}
