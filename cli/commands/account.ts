import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { isSet, text } from "../arguments";
import { createClient } from "../client";
import { type Call, type Commands, readAll } from "../command";
import { CliError, EXIT, problemError, usageError } from "../errors";
import { removeSession, writeSession } from "../session-file";

export const accountCommands: Commands = {
  login: {
    usage: "login [--email E --password-stdin | --token-stdin]",
    summary: "Sign in and remember the token",
    options: { email: { type: "string" }, "password-stdin": { type: "boolean" }, "token-stdin": { type: "boolean" } },
    async run(call) {
      const token = isSet(call.flags, "token-stdin") ? (await readAll(call.stdin)).trim() : await tokenByPassword(call);
      const { url } = call.connection;
      const who = await createClient({ url, token }).accounts.whoami.query();
      await writeSession(call.sessionFile, { url, token });
      call.out.document(who);
      call.out.line(`Signed in to ${url} as ${who.email}, team ${who.team.name}.`);
      return EXIT.done;
    },
  },
  logout: {
    usage: "logout",
    summary: "Forget the token",
    async run(call) {
      await removeSession(call.sessionFile);
      call.out.document({ signedOut: true });
      call.out.line("Signed out.");
      return EXIT.done;
    },
  },
  whoami: {
    usage: "whoami",
    summary: "Show who the token belongs to",
    async run(call) {
      const who = await call.client.accounts.whoami.query();
      call.out.document(who);
      call.out.line(`${who.email}, team ${who.team.name} (${who.team.role}), at ${call.connection.url}`);
      return EXIT.done;
    },
  },
};

async function tokenByPassword(call: Call): Promise<string> {
  const email = text(call.flags, "email");
  if (!email || !isSet(call.flags, "password-stdin"))
    throw usageError("login needs --email with --password-stdin, or --token-stdin.", "dokploy login --email you@example.com --password-stdin < password-file");
  const password = (await readAll(call.stdin)).replace(/\r?\n$/, "");
  const { url } = call.connection;
  const answer = await fetch(`${url.replace(/\/+$/, "")}/api/v1/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  if (!answer.ok) throw problemError(answer.status, (await answer.json()) as Record<string, unknown>);
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
  if (!cookie) throw new CliError(EXIT.server, { code: "internal", what: "The server opened no session." });
  const created = await createClient({ url, cookie }).tokens.create.mutate({ name: `cli on ${hostname()} ${randomBytes(3).toString("hex")}`, scopes: ["*"] });
  return created.token;
}
