import { createCookie, redirect } from "@remix-run/node";
import { FLASH_COOKIE, type Flash } from "./flash";

// Readable by scripts on purpose: the page that has said it takes it away, so that the next page does not say it again.
const cookie = createCookie(FLASH_COOKIE, { path: "/", maxAge: 20, sameSite: "lax" });

/** Goes on to a page that then says what happened: a toast, or a line of text without JavaScript. */
export async function done(to: string, text: string, link?: { label: string; to: string }): Promise<Response> {
  const flash: Flash = { id: crypto.randomUUID(), text, ...(link ? { link } : {}) };
  return redirect(to, { headers: { "Set-Cookie": await cookie.serialize(flash) } });
}

/** Takes back what a whole page has shown. */
export const forgetFlash = () => cookie.serialize("", { maxAge: 0 });

export async function readFlash(request: Request): Promise<Flash | null> {
  const found: unknown = await cookie.parse(request.headers.get("Cookie"));
  return isFlash(found) ? found : null;
}

function isFlash(value: unknown): value is Flash {
  const flash = value as Flash | null;
  if (typeof flash !== "object" || flash === null || typeof flash.id !== "string" || typeof flash.text !== "string") return false;
  return flash.link === undefined || (typeof flash.link.label === "string" && typeof flash.link.to === "string" && /^\/(?!\/)/.test(flash.link.to));
}
