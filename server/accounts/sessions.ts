import { createHash } from "node:crypto";
import { and, eq, gt, lte } from "drizzle-orm";
import { type Adapter, type DatabaseSession, type DatabaseUser, Lucia, TimeSpan } from "lucia";
import type { Database } from "../../db/client";
import { sessions, users } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";

type Person = { email: string; name: string; isAdmin: boolean };
declare module "lucia" {
  interface Register {
    Lucia: Lucia<Record<never, never>, Person>;
    DatabaseUserAttributes: Person;
  }
}

const hashOf = (sessionId: string) => createHash("sha256").update(sessionId).digest("hex");
const toMicros = (date: Date): Micros => date.getTime() * 1000;

/** Lucia's storage, except that the table holds hashes: a copy of it opens no session. */
function hashedAdapter(db: Database): Adapter {
  const toSession = (id: string, row: typeof sessions.$inferSelect): DatabaseSession => ({
    id,
    userId: row.userId,
    expiresAt: new Date(row.expiresAt / 1000),
    attributes: {},
  });
  return {
    async getSessionAndUser(id) {
      const [row] = await db
        .select()
        .from(sessions)
        .innerJoin(users, eq(users.id, sessions.userId))
        .where(eq(sessions.id, hashOf(id)))
        .limit(1);
      if (!row) return [null, null];
      const user: DatabaseUser = { id: row.users.id, attributes: { email: row.users.email, name: row.users.name, isAdmin: row.users.isAdmin } };
      return [toSession(id, row.sessions), user];
    },
    async getUserSessions(userId) {
      const rows = await db
        .select()
        .from(sessions)
        .where(and(eq(sessions.userId, userId), gt(sessions.expiresAt, Date.now() * 1000)));
      return rows.map((row) => toSession(row.id, row));
    },
    async setSession(session) {
      await db
        .insert(sessions)
        .values({ id: hashOf(session.id), userId: session.userId, expiresAt: toMicros(session.expiresAt), createdAt: Date.now() * 1000 });
    },
    async updateSessionExpiration(id, expiresAt) {
      await db
        .update(sessions)
        .set({ expiresAt: toMicros(expiresAt) })
        .where(eq(sessions.id, hashOf(id)));
    },
    async deleteSession(id) {
      await db.delete(sessions).where(eq(sessions.id, hashOf(id)));
    },
    async deleteUserSessions(userId) {
      await db.delete(sessions).where(eq(sessions.userId, userId));
    },
    async deleteExpiredSessions() {
      await db.delete(sessions).where(lte(sessions.expiresAt, Date.now() * 1000));
    },
  };
}

/** Lucia is deprecated upstream: nothing outside this file knows of it. */
export function createSessions(db: Database) {
  const lucia = new Lucia(hashedAdapter(db), {
    sessionExpiresIn: new TimeSpan(30, "d"),
    sessionCookie: { name: "dokploy_session", attributes: { sameSite: "lax", secure: false } },
    getUserAttributes: ({ email, name, isAdmin }) => ({ email, name, isAdmin }),
  });
  const cookie = (value: string, isSecure: boolean) => `${value}${isSecure ? "; Secure" : ""}`;

  return {
    /** Opens a session and answers the cookie that holds it. */
    async open(userId: string, isSecure: boolean): Promise<{ id: string; cookie: string }> {
      const session = await lucia.createSession(userId, {});
      return { id: session.id, cookie: cookie(lucia.createSessionCookie(session.id).serialize(), isSecure) };
    },
    /** The session that a Cookie header names, with a new cookie when it was prolonged. */
    async read(cookieHeader: string, isSecure: boolean) {
      const id = lucia.readSessionCookie(cookieHeader);
      if (!id) return null;
      const { session, user } = await lucia.validateSession(id);
      if (!session || !user) return null;
      return { id: session.id, user, cookie: session.fresh ? cookie(lucia.createSessionCookie(session.id).serialize(), isSecure) : null };
    },
    async close(sessionId: string): Promise<string> {
      await lucia.invalidateSession(sessionId);
      return lucia.createBlankSessionCookie().serialize();
    },
  };
}
export type Sessions = ReturnType<typeof createSessions>;
