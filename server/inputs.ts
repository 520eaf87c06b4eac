import { z } from "zod";

/** `true`/`false` as JSON or as text of a query. */
export const flag = z.union([z.boolean(), z.stringbool()]);
export const appReference = z.object({ app: z.string().min(1).max(200) });
export const pageFields = { limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.string().max(100).optional() };

/** Cuts a list that is short by nature into the pages that every list answers with. */
export function pageOf<T extends { id: string }>(all: T[], page: { limit: number; cursor?: string | undefined }): { items: T[]; nextCursor: string | null } {
  const start = page.cursor ? all.findIndex((one) => one.id === page.cursor) + 1 : 0;
  const items = all.slice(start, start + page.limit);
  return { items, nextCursor: start + page.limit < all.length ? (items.at(-1)?.id ?? null) : null };
}
