import { COOKIE_NAME, COOKIE_VALUE, HEADER_NAME, HEADER_VALUE } from "../../../server/traffic/schema";
import type { EdgeApp, EdgeSplit } from "../../ports";

/** Names of an application's services as Traefik's metrics show them, without `@file`. */
export const slotService = (appId: string, slot: "a" | "b") => `app-${appId}-${slot}`;

/** A request with a larger body is answered as ever and not copied: Traefik holds the body in memory while it copies it. */
const MIRRORED_BODY_BYTES = 1024 * 1024;
const SPLIT_ID = /^[a-z0-9]{1,32}$/;

/** The first value of a split that may not go into the edge's configuration; null when each may. The schema refuses them before, with words. */
export function wrongInSplit({ id, weight, header, cookie }: EdgeSplit): { what: string; value: unknown } | null {
  if (!SPLIT_ID.test(id)) return { what: "split", value: id };
  if (!Number.isInteger(weight) || weight < 0 || weight > 100) return { what: "share", value: weight };
  if (header && !HEADER_NAME.test(header.name)) return { what: "header name", value: header.name };
  if (header && !HEADER_VALUE.test(header.value)) return { what: "header value", value: header.value };
  if (cookie && !COOKIE_NAME.test(cookie.name)) return { what: "cookie name", value: cookie.name };
  if (cookie && !COOKIE_VALUE.test(cookie.value)) return { what: "cookie value", value: cookie.value };
  return null;
}

/** Each character for itself, in RE2's syntax; the allowed ones need no more than a class of one. */
const literal = (text: string) => text.replace(/[.+]/g, "[$&]");

/** Which requests go to the release on trial whatever the weights are, in Traefik's rule language; null when the weights alone decide. */
export function matchRule({ kind, header, cookie }: EdgeSplit): string | null {
  if (kind === "mirror") return null;
  const rules = [
    ...(header ? [`Header(\`${header.name}\`, \`${header.value}\`)`] : []),
    // Traefik has no matcher for one cookie: the field holds all of them (RFC 6265, section 4.2.1)
    ...(cookie ? [`HeaderRegexp(\`Cookie\`, \`(^|; ?)${literal(cookie.name)}=${literal(cookie.value)}(;|$)\`)`] : []),
  ];
  return rules.length === 0 ? null : rules.join(" || ");
}

/** What answers an application's public routes: the slots by their weights, or the live one with copies to the other. */
export function publicService({ appId, slots, split }: EdgeApp): object {
  const weights = (["a", "b"] as const).map((slot) => ({ name: slotService(appId, slot), weight: slots[slot].weight })).filter(({ weight }) => weight > 0);
  if (split?.kind === "mirror") {
    const live = split.slot === "a" ? "b" : "a";
    return {
      mirroring: {
        service: slotService(appId, live),
        maxBodySize: MIRRORED_BODY_BYTES,
        mirrors: [{ name: slotService(appId, split.slot), percent: split.weight }],
      },
    };
  }
  // the name is this split's own: who was drawn for an earlier one is drawn again
  const sticky = split?.sticky ? { sticky: { cookie: { name: `dokploy_split_${split.id}`, path: "/", httpOnly: true, sameSite: "lax" } } } : {};
  return { weighted: { services: weights, ...sticky } };
}
