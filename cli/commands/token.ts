import { expectWords, text } from "../arguments";
import type { Commands } from "../command";
import { EXIT } from "../errors";

type Scope = "read" | "write" | "admin" | "*";

export const tokenCommands: Commands = {
  "token create": {
    usage: "token create NAME [--scope S…] [--expires 30d]",
    summary: "Create an API token; it is shown once",
    options: { scope: { type: "string", multiple: true }, expires: { type: "string" } },
    async run({ client, out, flags, positionals }) {
      const [name = ""] = expectWords(positionals, ["NAME"], "token create NAME");
      const scopes = Array.isArray(flags.scope) ? flags.scope.flatMap((scope) => String(scope).split(",")) : [];
      const token = await client.tokens.create.mutate({ name, expires: text(flags, "expires"), ...(scopes.length > 0 ? { scopes: scopes as Scope[] } : {}) });
      out.document(token);
      out.line(token.token);
      return EXIT.done;
    },
  },
  "token list": {
    usage: "token list",
    summary: "List API tokens",
    async run({ client, out, positionals }) {
      expectWords(positionals, [], "token list");
      const page = await client.tokens.list.query({ limit: 200 });
      out.document(page);
      out.table(
        ["NAME", "SCOPES", "EXPIRES", "LAST USED"],
        page.items.map((one) => [
          one.name,
          one.scopes.join(","),
          one.expiresAt?.slice(0, 10) ?? "never",
          one.lastUsedAt?.slice(0, 16).replace("T", " ") ?? "never",
        ]),
      );
      return EXIT.done;
    },
  },
  "token revoke": {
    usage: "token revoke NAME",
    summary: "Revoke an API token",
    async run({ client, out, positionals }) {
      const [token = ""] = expectWords(positionals, ["NAME"], "token revoke NAME");
      out.document(await client.tokens.revoke.mutate({ token }));
      out.line(`Revoked ${token}.`);
      return EXIT.done;
    },
  },
};
