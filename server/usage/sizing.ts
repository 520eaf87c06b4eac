import type { Resources } from "../apps/schema";
import type { AppSums } from "./read";
import { type AppUse, NEEDED, type Use } from "./schema";

/** An application's share of what it is asked for, and what it is. */
export type SizedApp = { id: string; name: string; project: string; environment: string; replicas: number; resources: Resources };

const NOTHING: Omit<AppSums, "app"> = {
  n: 0,
  looks: 0,
  cpu: 0,
  cpuP95: 0,
  cpuMost: 0,
  memory: 0,
  memoryP95: 0,
  memoryMost: 0,
  mostOne: 0,
  received: 0,
  sent: 0,
  read: 0,
  written: 0,
};

/** What an application is given against what it used. Replicas that are wanted count, also where one of them did not run. */
export function sizeOf(app: SizedApp, sums: AppSums | undefined, grain: 60 | 3600, disk: AppUse["disk"]): AppUse {
  const used = sums ?? { app: app.id, ...NOTHING };
  const { memoryBytes, reservedMemoryBytes, cpus, reservedCpus } = app.resources;
  const of = (one: number | undefined) => (one === undefined || one === 0 ? null : one * app.replicas);
  return {
    app: app.id,
    name: app.name,
    project: app.project,
    environment: app.environment,
    replicas: app.replicas,
    n: used.n,
    grain,
    looks: used.looks,
    cpu: use(used, { mean: used.cpu, p95: used.cpuP95, most: used.cpuMost }, of(cpus), of(reservedCpus)),
    memory: {
      ...use(used, { mean: used.memory, p95: used.memoryP95, most: used.memoryMost }, of(memoryBytes), of(reservedMemoryBytes)),
      mostOne: used.mostOne,
    },
    received: used.received,
    sent: used.sent,
    read: used.read,
    written: used.written,
    disk,
  };
}

/** What is reserved is kept from others; without a reservation a limit is at least what one was ready to give. */
function use(
  { n, looks }: Pick<AppSums, "n" | "looks">,
  { mean, p95, most }: { mean: number; p95: number; most: number },
  limit: number | null,
  reserved: number | null,
): Use {
  const given = reserved ?? limit;
  return {
    mean,
    p95: n < NEEDED.p95 ? null : p95,
    most,
    limit,
    reserved,
    spare: given === null || given === 0 || looks < NEEDED.spareLooks ? null : Math.max(0, given - most),
  };
}

/** The most spare memory first, then the most spare processor time, then by name: those of which nothing can be said come last. */
export function byWaste(a: AppUse, b: AppUse): number {
  const rank = (one: number | null) => one ?? -1;
  return (
    rank(b.memory.spare) - rank(a.memory.spare) ||
    rank(b.cpu.spare) - rank(a.cpu.spare) ||
    b.memory.most - a.memory.most ||
    (`${a.project}/${a.name}@${a.environment}` < `${b.project}/${b.name}@${b.environment}` ? -1 : 1)
  );
}
