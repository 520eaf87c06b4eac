import { expectWords, isSet, readPairs } from "../arguments";
import { type Call, type Commands, readAll } from "../command";
import { EXIT, usageError } from "../errors";
import { waitForDeployment } from "../wait";

const SWITCHES = { secret: { type: "boolean" }, build: { type: "boolean" }, "no-deploy": { type: "boolean" }, wait: { type: "boolean" } } as const;

export const envCommands: Commands = {
  "env list": {
    usage: "env list APP [--reveal]",
    summary: "List environment variables",
    options: { reveal: { type: "boolean" } },
    async run({ client, out, flags, positionals }) {
      const [app = ""] = expectWords(positionals, ["APP"], "env list APP [--reveal]");
      const page = await client.apps.variables.query({ app, reveal: isSet(flags, "reveal") });
      out.document(page);
      for (const one of page.items) out.line(`${one.key}=${one.value ?? "••••••••"}`);
      return EXIT.done;
    },
  },
  "env set": {
    usage: "env set APP K=V… [--secret] [--no-deploy]",
    summary: "Set variables, in one deployment",
    options: SWITCHES,
    async run(call) {
      const [app = "", ...words] = call.positionals;
      if (!app) throw usageError("APP is missing.", "Usage: dokploy env set APP K=V…");
      const marks = { ...(isSet(call.flags, "secret") ? { secret: true } : {}), ...(isSet(call.flags, "build") ? { build: true } : {}) };
      const set = readPairs(words, "env set APP K=V…").map(([key, value]) => ({ key, value, ...marks }));
      return show(call, await call.client.apps.changeVariables.mutate({ app, set, deploy: !isSet(call.flags, "no-deploy"), trigger: "cli" }));
    },
  },
  "env unset": {
    usage: "env unset APP K… [--no-deploy]",
    summary: "Remove variables",
    options: SWITCHES,
    async run(call) {
      const [app = "", ...unset] = call.positionals;
      if (!app || unset.length === 0) throw usageError("APP and at least one key are needed.", "Usage: dokploy env unset APP K…");
      return show(call, await call.client.apps.changeVariables.mutate({ app, unset, deploy: !isSet(call.flags, "no-deploy"), trigger: "cli" }));
    },
  },
  "env import": {
    usage: "env import APP < .env",
    summary: "Set variables from .env text",
    options: SWITCHES,
    async run(call) {
      const [app = ""] = expectWords(call.positionals, ["APP"], "env import APP < .env");
      const text = await readAll(call.stdin);
      return show(
        call,
        await call.client.apps.importVariables.mutate({
          app,
          text,
          secret: isSet(call.flags, "secret"),
          deploy: !isSet(call.flags, "no-deploy"),
          trigger: "cli",
        }),
      );
    },
  },
};

async function show(call: Call, changed: { variables: { key: string }[]; deployment: { id: string; number: number } | null }): Promise<number> {
  if (changed.deployment && isSet(call.flags, "wait")) return waitForDeployment(call, changed.deployment.id);
  call.out.document(changed);
  call.out.line(changed.deployment ? `Stored; deployment #${changed.deployment.number} (${changed.deployment.id}) brings it live.` : "Stored.");
  return EXIT.done;
}
