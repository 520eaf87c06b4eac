import { eq } from "drizzle-orm";
import { authorities } from "../../db/schema";
import type { Services } from "../../server/context";
import { type AgentAuthority, createAuthority, isDue } from "../engine/agents/authority";

const ID = "agents";

/**
 * The installation's authority over its agents: made once, sealed by the master key, in a table that only workers may read. Anew when its
 * certificates come to their end. Whichever worker comes first decides; the others take what it made.
 */
export async function readAuthority({ db, env, keyring, clock }: Services): Promise<AgentAuthority> {
  const home = env.DOKPLOY_HOME_ID;
  const now = clock();
  const date = new Date(now / 1_000);
  const read = async () => {
    const [row] = await db.select().from(authorities).where(eq(authorities.id, ID));
    return row ? (JSON.parse(keyring.installationKey.open(row.sealed, `authority:${ID}`)) as AgentAuthority) : null;
  };
  const present = await read();
  if (present && present.home === home && !isDue(present, date)) return present;

  const sealed = keyring.installationKey.seal(JSON.stringify(await createAuthority(home, date)), `authority:${ID}`);
  return db.transaction(async (tx) => {
    await tx.insert(authorities).values({ id: ID, sealed: "", createdAt: now }).onConflictDoNothing();
    const [row] = await tx.select().from(authorities).where(eq(authorities.id, ID)).for("update");
    const other = row?.sealed ? (JSON.parse(keyring.installationKey.open(row.sealed, `authority:${ID}`)) as AgentAuthority) : null;
    if (other && other.home === home && !isDue(other, date)) return other;
    await tx.update(authorities).set({ sealed, createdAt: now }).where(eq(authorities.id, ID));
    return JSON.parse(keyring.installationKey.open(sealed, `authority:${ID}`)) as AgentAuthority;
  });
}
