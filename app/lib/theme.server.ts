import { createCookie } from "@remix-run/node";
import { isTheme, type Theme } from "./theme";

const cookie = createCookie("dokploy_theme", { path: "/", maxAge: 365 * 86_400, sameSite: "lax", httpOnly: true });

export async function readTheme(request: Request): Promise<Theme> {
  const found: unknown = await cookie.parse(request.headers.get("Cookie"));
  return isTheme(found) ? found : "system";
}

export const writeTheme = (theme: Theme) => cookie.serialize(theme);
