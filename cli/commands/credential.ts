import { expectWords, isSet, text } from "../arguments";
import { type Commands, readAll } from "../command";
import { EXIT, usageError } from "../errors";

const ADD = "credential add NAME --host H (--username U --token-stdin | --ssh-key-stdin | --generate-ssh-key)";

export const credentialCommands: Commands = {
  "credential add": {
    usage: ADD,
    summary: "Store a credential for private repositories",
    options: {
      host: { type: "string" },
      username: { type: "string" },
      "token-stdin": { type: "boolean" },
      "ssh-key-stdin": { type: "boolean" },
      "generate-ssh-key": { type: "boolean" },
    },
    async run({ client, out, flags, positionals, stdin }) {
      const [name = ""] = expectWords(positionals, ["NAME"], ADD);
      const host = text(flags, "host");
      const ways = ["token-stdin", "ssh-key-stdin", "generate-ssh-key"].filter((way) => isSet(flags, way));
      if (!host || ways.length !== 1)
        throw usageError(host ? "Give one of --token-stdin, --ssh-key-stdin and --generate-ssh-key." : "--host is missing.", `Usage: dokploy ${ADD}`);
      const secret = ways[0] === "generate-ssh-key" ? "" : await readAll(stdin);
      const credential = await client.credentials.create.mutate({
        name,
        host,
        username: text(flags, "username"),
        ...(ways[0] === "token-stdin"
          ? { token: secret.trim() }
          : ways[0] === "ssh-key-stdin"
            ? { sshKey: `${secret.trimEnd()}\n` }
            : { generateSshKey: true }),
      });
      out.document(credential);
      out.line(`Stored ${credential.name} for ${credential.host}.`);
      if (credential.publicKey) out.line(`Add this public key to the repository as a deploy key:\n${credential.publicKey}`);
      return EXIT.done;
    },
  },
  "credential list": {
    usage: "credential list",
    summary: "List credentials",
    async run({ client, out, positionals }) {
      expectWords(positionals, [], "credential list");
      const page = await client.credentials.list.query({ limit: 200 });
      out.document(page);
      out.table(
        ["NAME", "KIND", "HOST", "USER"],
        page.items.map((one) => [one.name, one.kind, one.host, one.username ?? "–"]),
      );
      return EXIT.done;
    },
  },
  "credential remove": {
    usage: "credential remove NAME",
    summary: "Remove a credential",
    async run({ client, out, positionals }) {
      const [credential = ""] = expectWords(positionals, ["NAME"], "credential remove NAME");
      out.document(await client.credentials.remove.mutate({ credential }));
      out.line(`Removed ${credential}.`);
      return EXIT.done;
    },
  },
};
