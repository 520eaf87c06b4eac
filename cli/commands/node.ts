import { expectWords, isSet, text } from "../arguments";
import type { Call, Command, Commands } from "../command";
import { EXIT, usageError } from "../errors";

const JOIN = "node join-token [--role worker|manager] [--rotate]";
const BUILDS = "node builds NODE on|off";
const LABEL = "node label NODE [KEY=VALUE…] [--remove KEY…]";

export const nodeCommands: Commands = {
  "node list": {
    usage: "node list",
    summary: "List the machines of the cluster",
    async run({ client, out, positionals }) {
      expectWords(positionals, [], "node list");
      const page = await client.nodes.list.query();
      out.document(page);
      out.table(
        ["NODE", "STATE", "ROLE", "AVAILABILITY", "REPLICAS", "BUILDS", "AGENT", "ADDRESS", "ENGINE", "LABELS"],
        page.items.map((node) => [
          node.name,
          node.state,
          node.isLeader ? "leader" : node.role,
          node.availability,
          String(node.replicas),
          node.builds ? "yes" : "no",
          node.agent ? `${node.agent.state}${node.agent.version ? ` ${node.agent.version}` : ""}` : "–",
          node.address,
          node.engineVersion,
          Object.entries(node.labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(",") || "–",
        ]),
      );
      return EXIT.done;
    },
  },
  "node join-token": {
    usage: JOIN,
    summary: "The command by which a machine joins; --rotate makes the present token worthless",
    options: { role: { type: "string" }, rotate: { type: "boolean" } },
    async run({ client, out, flags, positionals }) {
      expectWords(positionals, [], JOIN);
      const role = roleOf(text(flags, "role"));
      const joined = await client.nodes.joinToken.mutate({ ...(role ? { role } : {}), rotate: isSet(flags, "rotate") });
      out.document(joined);
      out.line(`Run this on the machine that joins as a ${joined.role}; it is not shown again:`);
      out.line("");
      out.line(joined.command);
      return EXIT.done;
    },
  },
  "node drain": {
    usage: "node drain NODE [--no-wait]",
    summary: "Move what runs on a node to others, then keep it empty",
    options: { "no-wait": { type: "boolean" } },
    async run({ client, out, flags, positionals }) {
      const [node = ""] = expectWords(positionals, ["NODE"], "node drain NODE");
      const wait = !isSet(flags, "no-wait");
      if (wait) out.progress(`Moving what runs on ${node} …`);
      const drained = await client.nodes.drain.mutate({ node, wait });
      out.document(drained);
      out.line(wait ? `${drained.name} is empty and takes no work.` : `${drained.name} is being drained: dokploy node list`);
      return EXIT.done;
    },
  },
  "node activate": simple("node activate NODE", "Let a node take work again", async ({ client }, node) => {
    const active = await client.nodes.activate.mutate({ node });
    return [active, `${active.name} takes work.`];
  }),
  "node label": {
    usage: LABEL,
    summary: "Set and remove labels, which placement rules ask for",
    options: { remove: { type: "string", multiple: true } },
    async run({ client, out, flags, positionals }) {
      const [node = "", ...words] = positionals;
      const unset = [flags.remove ?? []].flat().map(String);
      if (!node || (words.length === 0 && unset.length === 0)) throw usageError(node ? "No label is given." : "NODE is missing.", `Usage: dokploy ${LABEL}`);
      const labelled = await client.nodes.setLabels.mutate({ node, set: Object.fromEntries(words.map(labelOf)), unset });
      out.document(labelled);
      const labels = Object.entries(labelled.labels).map(([key, value]) => `${key}=${value}`);
      out.line(`${labelled.name}: ${labels.join(", ") || "no labels"}`);
      return EXIT.done;
    },
  },
  "node builds": {
    usage: BUILDS,
    summary: "Whether images are built on a node",
    async run({ client, out, positionals }) {
      const [node = "", word = ""] = expectWords(positionals, ["NODE", "on|off"], BUILDS);
      if (word !== "on" && word !== "off") throw usageError(`It is on or off, not ${word}.`, `Usage: dokploy ${BUILDS}`);
      const changed = await client.nodes.setBuilds.mutate({ node, builds: word === "on" });
      out.document(changed);
      out.line(`${changed.name} ${changed.builds ? "builds images" : "builds no images"}.`);
      return EXIT.done;
    },
  },
  "node promote": role("promote", "manager", "Make a node a manager"),
  "node demote": role("demote", "worker", "Make a manager a worker"),
  "node remove": simple("node remove NODE", "Take a drained or dead node out of the cluster", async ({ client }, node) => {
    const gone = await client.nodes.remove.mutate({ node });
    return [gone, `Removed ${gone.name}. If that machine still runs, run there: docker swarm leave`];
  }),
};

function labelOf(word: string): [string, string] {
  const at = word.indexOf("=");
  if (at < 1) throw usageError(`“${word}” is not KEY=VALUE.`, `Usage: dokploy ${LABEL}`);
  return [word.slice(0, at), word.slice(at + 1)];
}

function roleOf(word: string | undefined): "manager" | "worker" | undefined {
  if (word === undefined || word === "manager" || word === "worker") return word;
  throw usageError(`The role is worker or manager, not ${word}.`, `Usage: dokploy ${JOIN}`);
}

function simple(usage: string, summary: string, act: (call: Call, node: string) => Promise<[unknown, string]>): Command {
  return {
    usage,
    summary,
    async run(call) {
      const [node = ""] = expectWords(call.positionals, ["NODE"], usage);
      const [answer, said] = await act(call, node);
      call.out.document(answer);
      call.out.line(said);
      return EXIT.done;
    },
  };
}

function role(verb: "promote" | "demote", wanted: "manager" | "worker", summary: string): Command {
  return simple(`node ${verb} NODE`, summary, async ({ client }, node) => {
    const changed = await client.nodes.setRole.mutate({ node, role: wanted });
    return [changed, `${changed.name} is a ${changed.role}.`];
  });
}
