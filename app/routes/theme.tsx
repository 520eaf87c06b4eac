import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { safePath } from "~/lib/safe-path";
import { isTheme } from "~/lib/theme";
import { writeTheme } from "~/lib/theme.server";

export const loader = () => redirect("/");

export async function action({ request }: ActionFunctionArgs) {
  const form = await request.formData();
  const wish = form.get("theme");
  return redirect(safePath(String(form.get("to") ?? "")), { headers: { "Set-Cookie": await writeTheme(isTheme(wish) ? wish : "system") } });
}
