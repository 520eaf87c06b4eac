import { expectWords, isSet, text, wholeNumber } from "../arguments";
import type { Commands } from "../command";
import { EXIT, laterError, usageError } from "../errors";
import { followLog } from "../event-stream";
import { duration } from "../output";
import { waitForDeployment } from "../wait";

const DEPLOY = "deploy APP [--commit SHA | --branch B | --tag T | --image REF] [--no-cache] [--wait]";

export const deployCommands: Commands = {
  deploy: {
    usage: DEPLOY,
    summary: "Deploy an application",
    options: {
      commit: { type: "string" },
      branch: { type: "string" },
      tag: { type: "string" },
      image: { type: "string" },
      "no-cache": { type: "boolean" },
      wait: { type: "boolean" },
    },
    async run(call) {
      const [app = ""] = expectWords(call.positionals, ["APP"], DEPLOY);
      const { flags } = call;
      const deployment = await call.client.deployments.create.mutate({
        app,
        commit: text(flags, "commit"),
        branch: text(flags, "branch"),
        tag: text(flags, "tag"),
        image: text(flags, "image"),
        noCache: isSet(flags, "no-cache"),
        trigger: "cli",
      });
      call.out.progress(`Deployment #${deployment.number} of ${deployment.project}/${deployment.app}: ${deployment.id}`);
      if (isSet(flags, "wait")) return waitForDeployment(call, deployment.id);
      call.out.document(deployment);
      return EXIT.done;
    },
  },
  rollback: {
    usage: "rollback APP [--to RELEASE] [--no-wait]",
    summary: "Go back to a release; returns when it is live",
    options: { to: { type: "string" }, "no-wait": { type: "boolean" } },
    async run(call) {
      const [app = ""] = expectWords(call.positionals, ["APP"], "rollback APP [--to RELEASE] [--no-wait]");
      const deployment = await call.client.deployments.rollback.mutate({ app, to: wholeNumber(text(call.flags, "to"), "--to"), trigger: "cli" });
      call.out.progress(`Deployment #${deployment.number} rolls ${deployment.app} back: ${deployment.id}`);
      if (!isSet(call.flags, "no-wait")) return waitForDeployment(call, deployment.id);
      call.out.document(deployment);
      return EXIT.done;
    },
  },
  promote: {
    usage: "promote APP --from ENV --to ENV",
    summary: "(later)",
    options: { from: { type: "string" }, to: { type: "string" } },
    run: () => Promise.reject(laterError("promote")),
  },
  "deployment list": {
    usage: "deployment list APP",
    summary: "List deployments",
    options: { limit: { type: "string" }, cursor: { type: "string" } },
    async run({ client, out, flags, positionals }) {
      const [app = ""] = expectWords(positionals, ["APP"], "deployment list APP");
      const page = await client.deployments.list.query({ app, limit: wholeNumber(text(flags, "limit"), "--limit") ?? 50, cursor: text(flags, "cursor") });
      out.document(page);
      out.table(
        ["#", "STATUS", "KIND", "RELEASE", "COMMIT", "CREATED", "ID"],
        page.items.map((one) => [
          String(one.number),
          one.status,
          one.kind,
          one.release === null ? "–" : String(one.release),
          one.commit?.sha.slice(0, 10) ?? "–",
          one.createdAt.slice(0, 19).replace("T", " "),
          one.id,
        ]),
      );
      return EXIT.done;
    },
  },
  "deployment show": {
    usage: "deployment show ID",
    summary: "Show a deployment with its steps",
    async run({ client, out, positionals }) {
      const [deployment = ""] = expectWords(positionals, ["ID"], "deployment show ID");
      const one = await client.deployments.read.query({ deployment });
      out.document(one);
      out.line(
        `#${one.number} ${one.project}/${one.app}@${one.environment}: ${one.status}${one.commit ? `, ${one.commit.sha.slice(0, 10)} ${one.commit.message.split("\n")[0]}` : ""}`,
      );
      const { va, nnva, wait, lead } = one.totals;
      out.line(`${duration(va)} work + ${duration(nnva)} necessary + ${duration(wait)} wait = ${duration(lead)}`);
      for (const span of one.spans.filter((each) => each.parent === null))
        out.line(
          `  ${span.step.padEnd(12)} ${span.class.padEnd(4)} ${span.finishedAt ? duration((Date.parse(span.finishedAt) - Date.parse(span.startedAt)) / 1000).padStart(9) : "  running"}  ${span.outcome ?? ""}`,
        );
      if (one.reason) out.line([one.reason.what, one.reason.why, one.reason.fix].filter(Boolean).join(" — "));
      return EXIT.done;
    },
  },
  "deployment cancel": {
    usage: "deployment cancel ID",
    summary: "Cancel a deployment",
    async run({ client, out, positionals }) {
      const [deployment = ""] = expectWords(positionals, ["ID"], "deployment cancel ID");
      const one = await client.deployments.cancel.mutate({ deployment });
      out.document(one);
      out.line(one.status === "cancelled" ? `Cancelled deployment #${one.number}.` : `Deployment #${one.number} is being cancelled.`);
      return EXIT.done;
    },
  },
  "deployment logs": {
    usage: "deployment logs ID [-f]",
    summary: "Show a deployment's log",
    options: { follow: { type: "boolean", short: "f" } },
    async run({ client, connection, out, stdout, flags, positionals }) {
      const [deployment = ""] = expectWords(positionals, ["ID"], "deployment logs ID [-f]");
      if (!/^[\w-]+$/.test(deployment)) throw usageError(`${deployment} is not a deployment's id.`);
      const show = (line: { s: string; x: string }) => void stdout.write(out.isJson ? `${JSON.stringify(line)}\n` : `${line.s.padEnd(10)} ${line.x}\n`);
      if (isSet(flags, "follow")) {
        for await (const lines of followLog(connection, `/deployments/${deployment}/logs`, new AbortController().signal)) lines.forEach(show);
        return EXIT.done;
      }
      const items = [];
      for (let from: number | null = 1; from !== null; ) {
        const page: { items: { n: number; s: string; x: string }[]; nextCursor: string | null } = await client.deployments.logs.query({
          deployment,
          from,
          limit: 10_000,
        });
        items.push(...page.items);
        from = page.nextCursor === null ? null : Number(page.nextCursor);
      }
      out.document({ items, nextCursor: null });
      if (!out.isJson) items.forEach(show);
      return EXIT.done;
    },
  },
};
