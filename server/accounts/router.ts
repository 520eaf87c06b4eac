import { z } from "zod";
import { pageFields, pageOf } from "../inputs";
import { administers, open, reads, router } from "../trpc";
import { createTokenSchema, signInSchema } from "./schema";
import { membershipsOf, signIn } from "./service";
import { createToken, listTokens, revokeToken } from "./tokens";

export const accountsRouter = router({
  signIn: open
    .meta({ rest: { method: "POST", path: "/sign-in", summary: "Open a session; the cookie is in the answer's headers" } })
    .input(signInSchema)
    .mutation(async ({ ctx, input }) => {
      const session = await signIn(ctx.services, { ...input, address: ctx.address, isSecure: ctx.isSecure });
      ctx.setCookie(session.cookie);
      return { userId: session.userId };
    }),
  signOut: open.mutation(async ({ ctx }) => {
    if (ctx.identity?.sessionId) ctx.setCookie(await ctx.services.sessions.close(ctx.identity.sessionId));
    return { signedOut: true };
  }),
  whoami: reads.meta({ rest: { method: "GET", path: "/whoami", summary: "Who the token or session belongs to" } }).query(async ({ ctx }) => {
    const { actor, team } = ctx.identity;
    const teams = await membershipsOf(ctx.services, actor.userId);
    return {
      id: actor.userId,
      email: actor.email,
      name: actor.name,
      isAdmin: actor.isAdmin,
      via: actor.via,
      scopes: actor.scopes,
      team: { id: team.teamId, name: team.teamName, role: team.role },
      teams: teams.map((one) => ({ id: one.teamId, name: one.teamName, role: one.role })),
    };
  }),
});

export const tokensRouter = router({
  create: administers
    .meta({ rest: { method: "POST", path: "/tokens", status: 201, summary: "Create an API token; it is shown once" } })
    .input(createTokenSchema)
    .mutation(({ ctx, input }) => createToken(ctx, ctx.identity.actor.userId, input)),
  list: reads
    .meta({ rest: { method: "GET", path: "/tokens", summary: "List API tokens" } })
    .input(z.object(pageFields).prefault({}))
    .query(async ({ ctx, input }) => pageOf(await listTokens(ctx), input)),
  revoke: administers
    .meta({ rest: { method: "DELETE", path: "/tokens/{token}", summary: "Revoke an API token" } })
    .input(z.object({ token: z.string().min(1).max(100) }))
    .mutation(({ ctx, input }) => revokeToken(ctx, input.token)),
});
