import { spawn } from "node:child_process";
import { expectWords, isSet, text } from "../arguments";
import type { Commands } from "../command";
import { EXIT, usageError } from "../errors";
import { followLog } from "../event-stream";

const LOGS = "logs APP [-f] [--since 10m] [--replica N] [--grep RE]";

export const logsCommands: Commands = {
  logs: {
    usage: LOGS,
    summary: "Show an application's log",
    options: { follow: { type: "boolean", short: "f" }, since: { type: "string" }, replica: { type: "string" }, grep: { type: "string" } },
    async run({ client, connection, out, stdout, flags, positionals }) {
      const [app = ""] = expectWords(positionals, ["APP"], LOGS);
      const grep = expression(text(flags, "grep"));
      const since = text(flags, "since");
      const replica = text(flags, "replica");
      const show = (line: { s: string; x: string }) => void stdout.write(out.isJson ? `${JSON.stringify(line)}\n` : `${line.s.padEnd(5)} ${line.x}\n`);
      if (isSet(flags, "follow")) {
        const query = new URLSearchParams({ ...(since ? { since } : {}), ...(replica ? { replica } : {}) });
        for await (const lines of followLog(connection, `/apps/${encodeURIComponent(app)}/logs?${query}`, new AbortController().signal))
          for (const line of lines) if (grep.test(line.x)) show(line);
        return EXIT.done;
      }
      const page = await client.logs.app.query({ app, since, replica, limit: since ? 10_000 : 1_000 });
      const items = page.items.filter((line) => grep.test(line.x));
      out.document({ ...page, items });
      if (!out.isJson) items.forEach(show);
      return EXIT.done;
    },
  },
  open: {
    usage: "open APP",
    summary: "Open an application in the browser",
    async run({ client, out, isInteractive, positionals }) {
      const [reference = ""] = expectWords(positionals, ["APP"], "open APP");
      const app = await client.apps.read.query({ app: reference });
      out.document({ url: app.url });
      out.line(app.url ?? "The application has no address.");
      if (app.url && isInteractive)
        spawn(process.platform === "darwin" ? "open" : "xdg-open", [app.url], { stdio: "ignore", detached: true })
          .on("error", () => out.progress("No browser was found; open the address yourself."))
          .unref();
      return EXIT.done;
    },
  },
};

function expression(source: string | undefined): RegExp {
  try {
    return new RegExp(source ?? "");
  } catch (error) {
    throw usageError(`${source} is not a regular expression.`, (error as Error).message);
  }
}
