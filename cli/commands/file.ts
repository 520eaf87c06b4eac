import { expectWords, isSet, text } from "../arguments";
import { type Call, type Commands, readBytes } from "../command";
import { EXIT, usageError } from "../errors";
import { waitForDeployment } from "../wait";

const SET_USAGE = "file set APP /path [--mode 0444] [--uid N] [--gid N] [--no-deploy] < FILE";
const SWITCHES = { "no-deploy": { type: "boolean" }, wait: { type: "boolean" } } as const;
const MOST_BYTES = 500_000;

export const fileCommands: Commands = {
  "file list": {
    usage: "file list APP",
    summary: "List config files",
    async run({ client, out, positionals }) {
      const [app = ""] = expectWords(positionals, ["APP"], "file list APP");
      const page = await client.apps.files.list.query({ app });
      out.document(page);
      out.table(
        ["PATH", "BYTES", "MODE", "OWNER"],
        page.items.map((one) => [one.path, String(one.sizeBytes), one.mode, `${one.uid}:${one.gid}`]),
      );
      return EXIT.done;
    },
  },
  "file show": {
    usage: "file show APP /path",
    summary: "Print a config file's content",
    async run({ client, out, positionals, stdout }) {
      const [app = "", path = ""] = expectWords(positionals, ["APP", "PATH"], "file show APP /path");
      const file = await client.apps.files.read.query({ app, path });
      out.document(file);
      if (!out.isJson) stdout.write(Buffer.from(file.content, file.encoding));
      return EXIT.done;
    },
  },
  "file set": {
    usage: SET_USAGE,
    summary: "Store a config file, in one deployment",
    options: { ...SWITCHES, mode: { type: "string" }, uid: { type: "string" }, gid: { type: "string" } },
    async run(call) {
      const [app = "", path = ""] = expectWords(call.positionals, ["APP", "PATH"], SET_USAGE);
      if (call.isInteractive && (call.stdin as { isTTY?: boolean }).isTTY) throw usageError("The content is missing.", `Usage: dokploy ${SET_USAGE}`);
      const bytes = await readBytes(call.stdin, MOST_BYTES);
      if (bytes === null) throw usageError("A config file has at most 500 KB.", "Put a larger file into the image, or onto a volume.");
      const mode = text(call.flags, "mode");
      const set = [
        {
          path,
          content: bytes.toString("base64"),
          encoding: "base64" as const,
          ...(mode === undefined ? {} : { mode }),
          ...owner(call, "uid"),
          ...owner(call, "gid"),
        },
      ];
      return show(call, await call.client.apps.files.change.mutate({ app, set, deploy: !isSet(call.flags, "no-deploy"), trigger: "cli" }));
    },
  },
  "file remove": {
    usage: "file remove APP /path… [--no-deploy]",
    summary: "Remove config files, in one deployment",
    options: SWITCHES,
    async run(call) {
      const [app = "", ...unset] = call.positionals;
      if (!app || unset.length === 0) throw usageError("APP and at least one path are needed.", "Usage: dokploy file remove APP /path…");
      return show(call, await call.client.apps.files.change.mutate({ app, unset, deploy: !isSet(call.flags, "no-deploy"), trigger: "cli" }));
    },
  },
};

function owner(call: Call, name: "uid" | "gid"): Record<string, number> {
  const value = text(call.flags, name);
  if (value === undefined) return {};
  if (!/^\d{1,5}$/.test(value)) throw usageError(`--${name} is a number, not ${value}.`);
  return { [name]: Number(value) };
}

async function show(call: Call, changed: { deployment: { id: string; number: number } | null }): Promise<number> {
  if (changed.deployment && isSet(call.flags, "wait")) return waitForDeployment(call, changed.deployment.id);
  call.out.document(changed);
  call.out.line(changed.deployment ? `Stored; deployment #${changed.deployment.number} (${changed.deployment.id}) brings it live.` : "Stored.");
  return EXIT.done;
}
