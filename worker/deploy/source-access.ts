import { eq } from "drizzle-orm";
import { credentials } from "../../db/schema";
import type { AppRow } from "../../server/apps/find";
import type { TeamContext } from "../../server/context";
import { DeployError } from "../errors";
import type { GitCredential } from "../ports";

/** The repository's address with its opened credential. @throws DeployError `repository_credentials` when the credential is for another host */
export async function repositoryOf(ctx: TeamContext, app: AppRow): Promise<{ url: string; credential?: GitCredential }> {
  const url = app.gitUrl;
  if (url === null) throw new DeployError("repository_not_found", { what: "This application has no repository.", fix: "Name one in Settings." });
  if (app.credentialId === null) return { url };
  const row = await ctx.team.first(credentials, eq(credentials.id, app.credentialId));
  if (!row) throw new DeployError("repository_credentials", { what: "The application's credential is gone.", fix: "Choose another one in Settings." });
  const host = hostOf(url);
  if (host !== null && host !== row.host) {
    throw new DeployError("repository_credentials", {
      what: `The credential ${row.name} is for ${row.host}, the repository is on ${host}.`,
      why: "A credential is sent to its own host only.",
      fix: "Choose a credential of that host in Settings.",
    });
  }
  const secret = ctx.key.open(row.secret, `credential:${row.id}`);
  return {
    url,
    credential:
      row.kind === "ssh"
        ? { kind: "ssh", host: row.host, privateKey: secret }
        : { kind: "https", host: row.host, username: row.username ?? "x-access-token", token: secret },
  };
}

function hostOf(url: string): string | null {
  const scp = /^[\w.-]+@([\w.-]+):/.exec(url)?.[1];
  if (scp) return scp.toLowerCase();
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() || null : null;
}
