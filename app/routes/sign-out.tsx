import { type ActionFunctionArgs, redirect } from "@remix-run/node";

export const loader = () => redirect("/");

export async function action({ context }: ActionFunctionArgs) {
  if (context.identity) await context.trpc.accounts.signOut();
  return redirect("/sign-in");
}
