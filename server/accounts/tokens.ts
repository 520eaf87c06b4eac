import { createHash, randomBytes } from "node:crypto";
import { desc, eq } from "drizzle-orm";
import type { z } from "zod";
import { apiTokens, memberships, teams, users } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { Identity, Services, TeamContext } from "../context";
import { asTeam, withSettings } from "../data/team-data";
import { parseDuration } from "../duration";
import { AppError } from "../errors";
import type { createTokenSchema, TokenView } from "./schema";

const USED_EVERY_MICROS = 60_000_000;
export const hashToken = (token: string) => createHash("sha256").update(token).digest("hex");

const toView = (row: typeof apiTokens.$inferSelect): TokenView => ({
  id: row.id,
  name: row.name,
  scopes: row.scopes,
  createdAt: toIso(row.createdAt),
  expiresAt: row.expiresAt === null ? null : toIso(row.expiresAt),
  lastUsedAt: row.lastUsedAt === null ? null : toIso(row.lastUsedAt),
});

/** The token itself is in this answer only; the table keeps its hash. @throws AppError `name_taken` */
export async function createToken(ctx: TeamContext, userId: string, input: z.infer<typeof createTokenSchema>): Promise<TokenView & { token: string }> {
  const token = `dkp_${randomBytes(32).toString("base64url")}`;
  const createdAt = ctx.now();
  const expiresAt = input.expires === undefined ? null : createdAt + parseDuration(input.expires) * 1_000_000;
  const row = await ctx.team.insert(apiTokens, { userId, name: input.name, hash: hashToken(token), scopes: input.scopes, createdAt, expiresAt });
  if (!row) throw new AppError("name_taken", { what: `There is a token named ${input.name} already.`, fix: "Choose another name, or revoke that one first." });
  await ctx.audit("token.created", row);
  return { ...toView(row), token };
}

export async function listTokens(ctx: TeamContext): Promise<TokenView[]> {
  return (await ctx.team.list(apiTokens, { orderBy: desc(apiTokens.createdAt) })).map(toView);
}

/** @param nameOrId what `token list` shows */
export async function revokeToken(ctx: TeamContext, nameOrId: string): Promise<{ id: string }> {
  const isId = /^[0-9a-f-]{36}$/.test(nameOrId);
  const [row] = await ctx.team.remove(apiTokens, isId ? eq(apiTokens.id, nameOrId) : eq(apiTokens.name, nameOrId));
  if (!row) throw new AppError("not_found", { what: `There is no token ${nameOrId}.` });
  await ctx.audit("token.revoked", row);
  return { id: row.id };
}

/** Whose token this is; null when nobody's or expired. */
export async function identifyToken(services: Services, token: string): Promise<Identity | null> {
  const hash = hashToken(token);
  const now = services.clock();
  return withSettings(services.db, { token: hash }, async (tx) => {
    const [row] = await tx.select().from(apiTokens).where(eq(apiTokens.hash, hash)).limit(1);
    if (!row || (row.expiresAt !== null && row.expiresAt <= now)) return null;
    return asTeam(tx, row.teamId, async () => {
      const [found] = await tx
        .select()
        .from(memberships)
        .innerJoin(users, eq(users.id, memberships.userId))
        .innerJoin(teams, eq(teams.id, memberships.teamId))
        .where(eq(memberships.userId, row.userId));
      if (!found) return null;
      if (row.lastUsedAt === null || now - row.lastUsedAt > USED_EVERY_MICROS)
        await tx.update(apiTokens).set({ lastUsedAt: now }).where(eq(apiTokens.id, row.id));
      return {
        actor: { userId: row.userId, email: found.users.email, name: found.users.name, isAdmin: found.users.isAdmin, via: "token", scopes: row.scopes },
        sessionId: null,
        team: { teamId: row.teamId, teamName: found.teams.name, role: found.memberships.role, wrappedKey: found.teams.wrappedKey },
      };
    });
  });
}
