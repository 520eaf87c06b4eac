import { z } from "zod";
import type { Micros } from "../../db/schema/columns";
import type { Slot } from "../apps/schema";
import { appReference } from "../inputs";

/** Fields of a request that the platform, the connection or a setting of its own decides on. */
const RESERVED_HEADERS = /^(host|cookie|connection|content-length|transfer-encoding|upgrade|te|x-forwarded-.*|x-dokploy-.*)$/i;
export const HEADER_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?$/;
export const HEADER_VALUE = /^[A-Za-z0-9._~:/@+=,-](?:[A-Za-z0-9._~:/@+=, -]{0,198}[A-Za-z0-9._~:/@+=,-])?$/;
export const COOKIE_NAME = /^[A-Za-z0-9_-]{1,64}$/;
export const COOKIE_VALUE = /^[A-Za-z0-9._~:/@+=-]{1,200}$/;

/** These become part of the edge's rules: no quote, backtick, backslash, brace or bracket has a place in them. */
export const headerMatchSchema = z.object({
  name: z
    .string()
    .regex(HEADER_NAME, "A header's name has up to 64 letters, digits and hyphens.")
    .refine((name) => !RESERVED_HEADERS.test(name), "This header cannot be matched; for a cookie there is --cookie."),
  value: z.string().regex(HEADER_VALUE, "A header's value has up to 200 letters, digits, inner spaces and . _ ~ : / @ + = , -"),
});
export const cookieMatchSchema = z.object({
  name: z.string().regex(COOKIE_NAME, "A cookie's name has up to 64 letters, digits, - and _"),
  value: z.string().regex(COOKIE_VALUE, "A cookie's value has up to 200 letters, digits and . _ ~ : / @ + = -"),
});
export type Match = { name: string; value: string };

const releaseNumber = z.int("Name the release by its number.").min(1);
export const splitSchema = appReference
  .extend({
    release: releaseNumber,
    weight: z.int().min(1, "A share is 1 to 99 per cent.").max(99, "A share is 1 to 99 per cent; to give a release everything, promote it.").optional(),
    header: headerMatchSchema.optional(),
    cookie: cookieMatchSchema.optional(),
    sticky: z.boolean().default(false),
  })
  .refine((wish) => wish.weight !== undefined || wish.header !== undefined || wish.cookie !== undefined, {
    message: "Say which requests go to the release: a weight, a header or a cookie.",
    path: ["weight"],
  })
  .refine((wish) => !wish.sticky || wish.weight !== undefined, {
    message: "Visitors stay with a release that a weight gave them: give one.",
    path: ["sticky"],
  });
export const mirrorSchema = appReference.extend({ release: releaseNumber, percent: z.int().min(1).max(100) });

/** What an operation that starts or changes a split is given. */
export const splitWishSchema = z.object({
  id: z.string().regex(/^[a-z0-9]{1,32}$/),
  kind: z.enum(["split", "mirror"]),
  releaseId: z.uuid(),
  /** Per cent of the requests that go to the release, or are copied to it. */
  weight: z.int().min(0).max(100),
  header: headerMatchSchema.nullable(),
  cookie: cookieMatchSchema.nullable(),
  sticky: z.boolean(),
});
export type SplitWish = z.infer<typeof splitWishSchema>;

/** A release that runs in the idle slot beside the live one. `ending`: it gets nothing new, and its slot is being emptied. */
export type TrafficSplit = SplitWish & { phase: "running" | "ending"; slot: Slot; release: number; startedAt: Micros; actor: string };

export type Count = { answers: number; errors: number };
/** `last`: the edge's counters when they were read; `total`: what came since the split began, across restarts of the edge. */
export type SplitSeen = { at: Micros; last: Record<Slot, Count>; total: Record<Slot, Count> };

export type TrafficShare = { release: number; slot: Slot; weight: number; answers: number | null; errors: number | null };
/** How an application's requests are shared out. `mirror`: the release on trial gets copies, the live one answers all. */
export type Traffic = {
  app: string;
  live: TrafficShare | null;
  split:
    | (TrafficShare & {
        kind: "split" | "mirror";
        phase: "running" | "ending";
        header: Match | null;
        cookie: Match | null;
        sticky: boolean;
        startedAt: string;
        actor: string;
      })
    | null;
  seenAt: string | null;
};
