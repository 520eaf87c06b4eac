import { asc, eq, or } from "drizzle-orm";
import { apps, credentials } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { isUuid } from "../projects/service";
import type { CreateCredential, CredentialView } from "./schema";
import { checkPrivateKey, generateSshKey } from "./ssh-key";

const toView = (row: typeof credentials.$inferSelect): CredentialView => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  host: row.host,
  username: row.username,
  publicKey: row.publicKey,
  createdAt: toIso(row.createdAt),
});

/** A generated key answers its public half, to be added to the repository as a deploy key. @throws AppError `name_taken` `bad_request` */
export async function createCredential(ctx: TeamContext, input: CreateCredential): Promise<CredentialView> {
  const id = crypto.randomUUID();
  const key = input.generateSshKey ? generateSshKey(`dokploy-${input.name}`) : null;
  if (input.sshKey) checkPrivateKey(input.sshKey);
  const secret = key?.privateKey ?? input.sshKey ?? input.token;
  if (secret === undefined) throw new AppError("bad_request", { what: "The credential has no secret." });

  const row = await ctx.team.insert(credentials, {
    id,
    name: input.name,
    host: input.host,
    kind: input.token === undefined ? "ssh" : "https",
    username: input.username ?? (input.token === undefined ? "git" : "x-access-token"),
    secret: ctx.key.seal(secret, `credential:${id}`),
    publicKey: key?.publicKey ?? null,
    createdAt: ctx.now(),
  });
  if (!row)
    throw new AppError("name_taken", { what: `There is a credential named ${input.name} already.`, fix: "Choose another name, or remove that one first." });
  await ctx.audit("credential.created", row);
  return toView(row);
}

export async function listCredentials(ctx: TeamContext): Promise<CredentialView[]> {
  return (await ctx.team.list(credentials, { orderBy: asc(credentials.name) })).map(toView);
}

/** @throws AppError `not_found`, `conflict` while an application uses it */
export async function removeCredential(ctx: TeamContext, nameOrId: string): Promise<{ id: string }> {
  const found = await findCredential(ctx, nameOrId);
  const users = await ctx.team.list(apps, { where: eq(apps.credentialId, found.id), limit: 5 });
  if (users.length > 0)
    throw new AppError("conflict", {
      what: `${found.name} is in use by ${users.map((app) => app.name).join(", ")}.`,
      fix: "Give those applications another credential first.",
    });
  await ctx.team.remove(credentials, eq(credentials.id, found.id));
  await ctx.audit("credential.removed", found);
  return { id: found.id };
}

export async function findCredential(ctx: TeamContext, nameOrId: string) {
  const found = await ctx.team.first(
    credentials,
    isUuid(nameOrId) ? or(eq(credentials.id, nameOrId), eq(credentials.name, nameOrId)) : eq(credentials.name, nameOrId),
  );
  if (!found) throw new AppError("not_found", { what: `There is no credential ${nameOrId}.`, fix: "dokploy credential list shows yours." });
  return found;
}
