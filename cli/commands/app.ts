import { readVolumes } from "../../server/apps/notation";
import type { CreateApp } from "../../server/apps/schema";
import { expectWords, type Flags, isSet, readPairs, text, wholeNumber } from "../arguments";
import type { Call, Commands } from "../command";
import { EXIT, laterError, usageError } from "../errors";
import { notation, readSettings } from "../settings";

const CREATE =
  "app create NAME --project P [--env production] (--git URL [--branch B] [--path DIR] | --image REF) [--dockerfile F] [--port N] [--replicas N] [--credential NAME] [--release-command CMD] [--no-auto-deploy] [--volume NAME:/path[:shared]]… [--strategy S] [--health-path /]";
const CREATE_OPTIONS = [
  "project",
  "env",
  "git",
  "branch",
  "path",
  "image",
  "compose",
  "dockerfile",
  "port",
  "replicas",
  "credential",
  "release-command",
  "strategy",
  "health-path",
];

export const appCommands: Commands = {
  "app create": {
    usage: CREATE,
    summary: "Create an application",
    options: {
      ...Object.fromEntries(CREATE_OPTIONS.map((name) => [name, { type: "string" as const }])),
      volume: { type: "string", multiple: true },
      "no-auto-deploy": { type: "boolean" },
    },
    async run(call) {
      const [name = ""] = expectWords(call.positionals, ["NAME"], CREATE);
      const app = await call.client.apps.create.mutate(createInput(name, call.flags));
      call.out.document(app);
      call.out.line(`Created ${app.project}/${app.name}@${app.environment}.`);
      call.out.line(`  address  ${app.url}`);
      call.out.line(`  webhook  ${app.webhook.url}`);
      call.out.line(`  secret   ${app.webhook.secret}`);
      call.out.line(`Deploy it: dokploy deploy ${app.project}/${app.name}`);
      return EXIT.done;
    },
  },
  "app list": {
    usage: "app list [--project P]",
    summary: "List applications",
    options: { project: { type: "string" } },
    async run({ client, out, flags, positionals }) {
      expectWords(positionals, [], "app list [--project P]");
      const page = await client.apps.list.query({ project: text(flags, "project"), limit: 200 });
      out.document(page);
      out.table(
        ["APPLICATION", "STATUS", "RELEASE", "ADDRESS"],
        page.items.map((app) => [
          `${app.project}/${app.name}@${app.environment}`,
          app.status,
          app.release === null ? "–" : String(app.release),
          app.url ?? "–",
        ]),
      );
      return EXIT.done;
    },
  },
  "app show": {
    usage: "app show APP [--reveal]",
    summary: "Show an application",
    options: { reveal: { type: "boolean" } },
    async run({ client, out, flags, positionals }) {
      const [reference = ""] = expectWords(positionals, ["APP"], "app show APP");
      const app = await client.apps.read.query({ app: reference, reveal: isSet(flags, "reveal") });
      out.document(app);
      const source = "git" in app.source ? `${app.source.git}, branch ${app.source.branch}` : app.source.image;
      const rows = {
        application: `${app.project}/${app.name}@${app.environment}`,
        status: app.status,
        address: app.url ?? "–",
        source,
        release: app.release === null ? "–" : String(app.release),
        replicas: `${app.runningReplicas} of ${app.replicas}`,
        strategy: app.strategy,
        port: app.port === null ? "found in the image" : String(app.port),
        placement:
          [...app.settings.placement, ...(app.settings.maxReplicasPerNode ? [`at most ${app.settings.maxReplicasPerNode} on a node`] : [])].join(", ") ||
          "any node",
        health: `${app.health.kind} ${app.health.path}`,
        webhook: app.webhook.url,
      };
      for (const [key, value] of Object.entries({ ...rows, ...(app.webhook.secret ? { secret: app.webhook.secret } : {}) }))
        out.line(`${key.padEnd(12)} ${value}`);
      return EXIT.done;
    },
  },
  "app set": {
    usage: "app set APP KEY=VALUE…",
    summary: "Change settings",
    async run({ client, out, positionals }) {
      const [reference = "", ...words] = positionals;
      if (!reference) throw usageError("APP is missing.", "Usage: dokploy app set APP KEY=VALUE…");
      const app = await client.apps.update.mutate({ app: reference, settings: readSettings(readPairs(words, "app set APP KEY=VALUE…")) });
      out.document(app);
      out.line(`Changed ${app.project}/${app.name}. A new release uses it: dokploy deploy ${app.project}/${app.name}`);
      return EXIT.done;
    },
  },
  "app start": operation("start"),
  "app stop": operation("stop"),
  "app restart": operation("restart"),
  "app scale": {
    usage: "app scale APP N",
    summary: "Change the number of replicas",
    async run({ client, out, positionals }) {
      const [app = "", count] = expectWords(positionals, ["APP", "N"], "app scale APP N");
      const scaled = await client.apps.scale.mutate({ app, replicas: wholeNumber(count, "N") ?? 0 });
      out.document(scaled);
      out.line(`${scaled.name} has ${scaled.replicas} replicas.`);
      return EXIT.done;
    },
  },
  "app delete": {
    usage: "app delete APP",
    summary: "Delete an application; the ledger stays",
    async run({ client, out, positionals }) {
      const [app = ""] = expectWords(positionals, ["APP"], "app delete APP");
      const gone = await client.apps.delete.mutate({ app });
      out.document(gone);
      out.line(`Deleted ${gone.name}.`);
      return EXIT.done;
    },
  },
  "app rename": later("app rename APP NAME", "app rename"),
  "app clone": later("app clone APP NAME", "app clone"),
};

function operation(verb: "start" | "stop" | "restart") {
  return {
    usage: `app ${verb} APP`,
    summary: `${verb[0]?.toUpperCase()}${verb.slice(1)} an application`,
    async run({ client, out, positionals }: Call) {
      const [app = ""] = expectWords(positionals, ["APP"], `app ${verb} APP`);
      const done = await client.apps[verb].mutate({ app });
      out.document(done);
      out.line(`${done.name} is ${done.status}.`);
      return EXIT.done;
    },
  };
}

export function later(usage: string, what: string) {
  return {
    usage,
    summary: "(later)",
    run: () => Promise.reject(laterError(what)),
  };
}

function createInput(name: string, flags: Flags) {
  if (flags.compose !== undefined) throw laterError("--compose");
  const project = text(flags, "project");
  if (!project) throw usageError("--project is missing.", `Usage: dokploy ${CREATE}`);
  const strategy = text(flags, "strategy");
  return {
    name,
    project,
    environment: text(flags, "env"),
    git: text(flags, "git"),
    branch: text(flags, "branch"),
    path: text(flags, "path"),
    image: text(flags, "image"),
    dockerfile: text(flags, "dockerfile"),
    port: wholeNumber(text(flags, "port"), "--port"),
    replicas: wholeNumber(text(flags, "replicas"), "--replicas"),
    credential: text(flags, "credential"),
    releaseCommand: text(flags, "release-command"),
    ...(isSet(flags, "no-auto-deploy") ? { autoDeploy: false } : {}),
    strategy: strategy as CreateApp["strategy"],
    volumes: flags.volume === undefined ? undefined : notation(() => readVolumes([flags.volume].flat().join(","))),
    healthPath: text(flags, "health-path"),
  };
}
