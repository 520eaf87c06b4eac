import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData, useSearchParams } from "@remix-run/react";
import { Join } from "~/components/nodes/join";
import { Manage } from "~/components/nodes/manage";
import { NodesTable } from "~/components/nodes/nodes-table";
import { counted } from "~/components/time/format";
import { size } from "~/components/time/size";
import { Icon } from "~/components/ui/icon";
import { Unwell } from "~/components/ui/unwell";
import { useAnswer } from "~/lib/actions";
import { done } from "~/lib/flash.server";
import { invalid } from "~/lib/problem.server";
import { type Api, act, load, refused } from "~/lib/trpc.server";
import { BUILD_LABEL } from "../../server/cluster/constants";
import { type ClusterNode, readLabels, setLabelsSchema } from "../../server/cluster/schema";
import styles from "../styles/nodes.css";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: styles }];
export const meta: MetaFunction = () => [{ title: "Cluster · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Cluster", to: "/nodes" }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) => load(args, (api) => api.nodes.list());

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const node = String(form.get("node") ?? "");
    const here = `/nodes?node=${encodeURIComponent(node)}#node`;
    switch (form.get("intent")) {
      case "join":
        return { joined: await api.nodes.joinToken({ role: form.get("role") === "manager" ? "manager" : "worker", rotate: form.get("rotate") === "on" }) };
      case "drain": {
        const drained = await api.nodes.drain({ node, wait: false });
        return done(here, `Moving what runs on ${drained.name}. It goes on if this page is closed.`);
      }
      case "activate":
        return done(here, `${(await api.nodes.activate({ node })).name} takes work again.`);
      case "role": {
        const changed = await api.nodes.setRole({ node, role: form.get("role") === "manager" ? "manager" : "worker" });
        return done(here, `${changed.name} is a ${changed.role} now.`);
      }
      case "builds": {
        const changed = await api.nodes.setBuilds({ node, builds: form.get("builds") === "true" });
        return done(here, changed.builds ? `Images are built on ${changed.name} too.` : `No images are built on ${changed.name}.`);
      }
      case "remove": {
        const gone = await api.nodes.remove({ node });
        return done("/nodes", `Removed ${gone.name}.`);
      }
      default:
        return saveLabels(api, node, form, here);
    }
  });

/** The field holds all labels but the role that has a button of its own: those that are not in it any more go. */
async function saveLabels(api: Api, node: string, form: FormData, here: string) {
  const parsed = setLabelsSchema.safeParse({ set: readLabels(String(form.get("labels") ?? "")) });
  if (!parsed.success) {
    const { fields, ...problem } = invalid(parsed.error);
    return refused({ ...problem, fields: { labels: Object.values(fields)[0] ?? problem.what } }, form);
  }
  const { set } = parsed.data;
  const before = (await api.nodes.list()).items.find((one) => one.id === node)?.labels ?? {};
  const labelled = await api.nodes.setLabels({ node, set, unset: Object.keys(before).filter((key) => !(key in set) && key !== BUILD_LABEL) });
  return done(here, `Saved the labels of ${labelled.name}.`);
}

export default function Nodes() {
  const { items, joinProblem } = useLoaderData<typeof loader>();
  const [search] = useSearchParams();
  const answer = useAnswer<typeof action>();
  const joined = answer && typeof answer === "object" && "joined" in answer ? answer.joined : null;
  const shown = items.find((node) => node.id === search.get("node"));
  return (
    <>
      <header className="head">
        <div>
          <h1>Cluster</h1>
          <p className="meta">
            <span>{sumOf(items)}</span>
          </p>
        </div>
        <div className="actions">
          <Link className="btn btn-primary" to="?join#join" preventScrollReset>
            <Icon name="plus" />
            Add a node
          </Link>
        </div>
      </header>
      {search.has("join") ? <Join problem={joinProblem} joined={joined} /> : null}
      {shown ? <Manage key={shown.id} node={shown} others={items.filter((node) => node.id !== shown.id && takesWork(node)).length} /> : null}
      <section className="sect" aria-labelledby="machines">
        <div className="sect-head">
          <h2 id="machines">What runs where?</h2>
          <p className="answer">{answerOf(items)}</p>
        </div>
        <NodesTable nodes={items} />
      </section>
      {items.length === 1 && !search.has("join") ? <Alone /> : null}
    </>
  );
}

const takesWork = (node: ClusterNode) => node.state === "ready" && node.availability === "active";

function sumOf(nodes: ClusterNode[]): string {
  const sum = (pick: (node: ClusterNode) => number) => nodes.reduce((total, node) => total + pick(node), 0);
  return `${counted(nodes.length, "node")}, ${counted(
    sum((node) => node.cpus),
    "core",
  )}, ${size(sum((node) => node.memory))}, ${counted(
    sum((node) => node.replicas),
    "replica",
  )}`;
}

function answerOf(nodes: ClusterNode[]): string {
  if (nodes.length === 0) return "Nothing is known yet.";
  const away = nodes.filter((node) => node.state !== "ready");
  const resting = nodes.filter((node) => node.state === "ready" && node.availability !== "active");
  const names = (list: ClusterNode[]) => list.map((node) => node.name).join(", ");
  const parts = [
    away.length > 0 ? `${names(away)} ${away.length === 1 ? "is" : "are"} away.` : nodes.length === 1 ? "Everything, on one machine." : "All nodes are there.",
    resting.length > 0 ? `${names(resting)} ${resting.length === 1 ? "takes" : "take"} no work.` : "",
  ];
  return parts.filter(Boolean).join(" ");
}

/** With one machine the page teaches what a second one is for. */
function Alone() {
  return (
    <section className="sect alone" aria-labelledby="alone">
      <div className="sect-head">
        <h2 id="alone">Why a second machine?</h2>
      </div>
      <dl>
        <dt>One may fail</dt>
        <dd>Replicas of an application are spread over the nodes. When one goes down, those on it start elsewhere by themselves.</dd>
        <dt>One may be emptied</dt>
        <dd>Draining moves every application away and loses no request: for an update of the machine, or for good.</dd>
        <dt>Builds may run apart</dt>
        <dd>A node that builds takes them off the machine that serves. Several share the queue.</dd>
        <dt>Applications may be placed</dt>
        <dd>A label such as disk=ssd, and a rule in the application’s settings, say where it runs.</dd>
      </dl>
      <p>
        <Link className="btn" to="?join#join" preventScrollReset>
          How a machine joins
        </Link>
      </p>
    </section>
  );
}
