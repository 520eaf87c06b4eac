import { asc, eq } from "drizzle-orm";
import { memberships, teams, users } from "../../db/schema";
import type { Identity, Membership, Services } from "../context";
import { withSettings } from "../data/team-data";
import { AppError } from "../errors";
import { hashPassword, verifyPassword } from "./password";

const WINDOW_MS = 15 * 60_000;
const TRIES = 10;

/** Failed tries by address and by account within 15 minutes. In memory: a restart forgives, a distributed guess still meets Argon2id. */
const failures = new Map<string, { count: number; until: number }>();

function refuseTooMany(keys: string[]): void {
  for (const key of keys) {
    const entry = failures.get(key);
    if (entry && entry.until > Date.now() && entry.count >= TRIES) {
      throw new AppError("too_many", {
        what: "Too many failed sign-ins.",
        fix: `Wait ${Math.ceil((entry.until - Date.now()) / 60_000)} minutes and try again.`,
      });
    }
  }
}

function countFailure(keys: string[]): void {
  if (failures.size > 10_000) failures.clear();
  for (const key of keys) {
    const entry = failures.get(key);
    if (entry && entry.until > Date.now()) entry.count += 1;
    else failures.set(key, { count: 1, until: Date.now() + WINDOW_MS });
  }
}

/** @throws AppError `not_signed_in` for a wrong address and a wrong password alike, `too_many` after ten failures. */
export async function signIn(services: Services, input: { email: string; password: string; address: string; isSecure: boolean }) {
  const keys = [`email:${input.email}`, `address:${input.address}`];
  refuseTooMany(keys);
  const [user] = await services.db.select().from(users).where(eq(users.email, input.email)).limit(1);
  if (!(await verifyPassword(user?.passwordHash ?? null, input.password)) || !user) {
    countFailure(keys);
    throw new AppError("not_signed_in", {
      what: "The e-mail address or the password is wrong.",
      fix: "Check both. bin/up --status --json prints the first administrator's.",
    });
  }
  for (const key of keys) failures.delete(key);
  return { userId: user.id, ...(await services.sessions.open(user.id, input.isSecure)) };
}

/** The teams that a person belongs to, oldest first. */
export async function membershipsOf(services: Services, userId: string): Promise<(Membership & { wrappedKey: string })[]> {
  return withSettings(services.db, { user: userId }, async (tx) => {
    const rows = await tx
      .select()
      .from(memberships)
      .innerJoin(teams, eq(teams.id, memberships.teamId))
      .where(eq(memberships.userId, userId))
      .orderBy(asc(memberships.createdAt));
    return rows.map((row) => ({ teamId: row.teams.id, teamName: row.teams.name, role: row.memberships.role, wrappedKey: row.teams.wrappedKey }));
  });
}

/** @param wanted name or id of a team; without it the oldest membership is taken */
export async function identifySession(
  services: Services,
  cookieHeader: string,
  isSecure: boolean,
  wanted?: string,
): Promise<{ identity: Identity; cookie: string | null } | null> {
  const session = await services.sessions.read(cookieHeader, isSecure);
  if (!session) return null;
  const all = await membershipsOf(services, session.user.id);
  const team = wanted ? all.find((one) => one.teamId === wanted || one.teamName === wanted) : all[0];
  if (!team) return null;
  return {
    identity: {
      actor: { userId: session.user.id, email: session.user.email, name: session.user.name, isAdmin: session.user.isAdmin, via: "session", scopes: ["*"] },
      sessionId: session.id,
      team,
    },
    cookie: session.cookie,
  };
}

/** Creates a person with a team of their own. @throws AppError `name_taken` */
export async function createUser(services: Services, input: { email: string; name: string; password: string; isAdmin: boolean; teamName: string }) {
  const now = services.clock();
  const passwordHash = await hashPassword(input.password);
  const teamId = crypto.randomUUID();
  return withSettings(services.db, { team: teamId }, async (tx) => {
    const [user] = await tx
      .insert(users)
      .values({ email: input.email, name: input.name, passwordHash, isAdmin: input.isAdmin, createdAt: now })
      .onConflictDoNothing()
      .returning();
    if (!user) throw new AppError("name_taken", { what: `There is an account for ${input.email} already.` });
    const [team] = await tx
      .insert(teams)
      .values({ id: teamId, name: input.teamName, wrappedKey: services.keyring.newWrappedKey(), createdAt: now })
      .onConflictDoNothing()
      .returning();
    if (!team) throw new AppError("name_taken", { what: `There is a team named ${input.teamName} already.`, fix: "Choose another name." });
    await tx.insert(memberships).values({ teamId, userId: user.id, role: "owner", createdAt: now });
    return { user, team };
  });
}
