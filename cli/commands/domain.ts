import { expectWords, text } from "../arguments";
import type { Commands } from "../command";
import { EXIT, laterError } from "../errors";

export const domainCommands: Commands = {
  "domain add": {
    usage: "domain add APP HOST [--path /p] [--tls auto|off|own]",
    summary: "Add a host name to an application",
    options: { path: { type: "string" }, tls: { type: "string" } },
    async run({ client, out, flags, positionals }) {
      const [app = "", host = ""] = expectWords(positionals, ["APP", "HOST"], "domain add APP HOST");
      const tls = text(flags, "tls") ?? "off";
      if (tls === "auto" || tls === "own") throw laterError(`--tls ${tls}`);
      const domain = await client.domains.add.mutate({ app, host, path: text(flags, "path") ?? "/", tls: tls as "off" });
      out.document(domain);
      out.line(`${domain.url} leads to ${domain.app}.`);
      return EXIT.done;
    },
  },
  "domain list": {
    usage: "domain list [--app APP]",
    summary: "List host names",
    options: { app: { type: "string" } },
    async run({ client, out, flags, positionals }) {
      const app = text(flags, "app") ?? positionals[0];
      const page = await client.domains.list.query({ app, limit: 200 });
      out.document(page);
      out.table(
        ["HOST", "PATH", "APPLICATION", "TLS"],
        page.items.map((one) => [one.host, one.path, one.app, one.tls]),
      );
      return EXIT.done;
    },
  },
  "domain remove": {
    usage: "domain remove [APP] HOST[/PATH]",
    summary: "Remove a host name",
    async run({ client, out, positionals }) {
      const words = positionals.length === 2 ? positionals : ["", ...expectWords(positionals, ["HOST"], "domain remove [APP] HOST")];
      const [app, domain = ""] = words;
      out.document(await client.domains.remove.mutate({ domain, ...(app ? { app } : {}) }));
      out.line(`Removed ${domain}.`);
      return EXIT.done;
    },
  },
};
