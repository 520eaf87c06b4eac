import { eq, notInArray } from "drizzle-orm";
import { memberships, nodes, users } from "../../db/schema";
import type { Services } from "../../server/context";
import type { Cluster } from "../ports";

const REPORT_MS = 10_000;
/** Swarm tells of one change in several events, and knows of a task a little after its container started. */
const SETTLE_MS = 150;
type Row = typeof nodes.$inferInsert;
/** What is known of a machine while it is watched. */
export type NodeRow = Row & { isOwn: boolean; labels: Record<string, string> };

export type NodeWatch = {
  /** Machines in the Swarm; 1 until the engine was asked. */
  count(): number;
  /** The node that the worker's engine is; "" until it was asked. */
  ownId(): string;
  /** What is known of each, as last seen. */
  list(): readonly NodeRow[];
  /** Reads and stores the nodes now. What fails is logged, and looked at again at the next event or report. */
  refresh(): Promise<void>;
  /** Calls back when the number of machines has changed. */
  onCount(call: () => void): void;
  close(): void;
};

/** Keeps the table of nodes true to what Swarm says: at each of its events, and every 10 s for what it tells of by none (where tasks are). */
export function watchNodes(services: Services, cluster: Cluster): NodeWatch {
  const calls = new Set<() => void>();
  let known: NodeRow[] = [];
  let ownId = "";
  let turn: Promise<void> = Promise.resolve();
  let soon: NodeJS.Timeout | null = null;

  const read = async () => {
    const [found, placed, own] = await Promise.all([cluster.nodes(), cluster.placed(), cluster.ownNode()]);
    const now = services.clock();
    const rows = found.map((node): NodeRow => {
      const replicas = placed.filter((task) => task.node === node.id && task.isRunning).length;
      const seenAt = node.state === "ready" ? now : (known.find((row) => row.id === node.id)?.seenAt ?? null);
      return { ...node, isOwn: node.id === own, replicas, seenAt };
    });
    await store(services, rows);
    ownId = own;
    const before = known;
    known = rows;
    if (visible(before) !== visible(rows)) await announceNodes(services);
    if (before.length !== rows.length) for (const call of calls) call();
  };
  const refresh = () => {
    turn = turn.then(read).catch((error: Error) => services.log.warn({ error: error.message }, "nodes not read; the next event or report looks again"));
    return turn;
  };
  const stop = cluster.onChange(() => {
    soon ??= setTimeout(() => {
      soon = null;
      void refresh();
    }, SETTLE_MS);
  });
  const timer = setInterval(() => void refresh(), REPORT_MS);
  return {
    count: () => Math.max(1, known.length),
    ownId: () => ownId,
    list: () => known,
    refresh,
    onCount: (call) => void calls.add(call),
    close() {
      stop();
      clearInterval(timer);
      if (soon) clearTimeout(soon);
    },
  };
}

/** What a page shows of them, the time of the last look apart. */
const visible = (rows: Row[]) => JSON.stringify(rows.map(({ seenAt: _, ...row }) => row).sort((a, b) => (a.id < b.id ? -1 : 1)));

async function store({ db }: Services, rows: Row[]): Promise<void> {
  await db.transaction(async (tx) => {
    for (const row of rows) {
      const { id: _, seenAt, ...facts } = row;
      // a worker that has just started does not know when a dead node was last seen: the row does
      const changes = seenAt === null ? facts : { ...facts, seenAt };
      await tx.insert(nodes).values(row).onConflictDoUpdate({ target: nodes.id, set: changes });
    }
    const ids = rows.map((row) => row.id);
    await tx.delete(nodes).where(ids.length === 0 ? undefined : notInArray(nodes.id, ids));
  });
}

/** Those who may see the nodes are told, in whichever team they are. */
export async function announceNodes(services: Pick<Services, "db" | "events">): Promise<void> {
  for (const team of await administratorTeams(services)) services.events.publish(team, { type: "nodes" });
}

/** The teams of those who look after the installation. */
export async function administratorTeams({ db }: Pick<Services, "db">): Promise<string[]> {
  const teams = await db
    .selectDistinct({ id: memberships.teamId })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(eq(users.isAdmin, true));
  return teams.map((team) => team.id);
}
