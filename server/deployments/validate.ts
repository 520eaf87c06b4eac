import { asc, desc, eq } from "drizzle-orm";
import { appVariables, domains, nodes, workers } from "../../db/schema";
import type { AppRow } from "../apps/find";
import { urlOf } from "../apps/view";
import { registryProblem } from "../cluster/join";
import { placementProblem } from "../cluster/placement";
import type { TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import { AppError } from "../errors";
import { refuseRepository } from "../git-hosts";

const MIN_FREE_BYTES = 1024 ** 3;
const REPORT_VALID_MICROS = 30_000_000;
const REPORT = {
  reportedAt: workers.reportedAt,
  nodeCount: workers.nodeCount,
  freeMemoryBytes: workers.freeMemoryBytes,
  freeDiskBytes: workers.freeDiskBytes,
  registry: workers.registry,
};
export const MAX_QUEUED = 50;

/**
 * The `validate` step: from facts in the database alone, before anything is queued. Answers the application's address.
 * @throws AppError `bad_request` or `unavailable` that says what, why and how to fix it
 */
export async function validateDeployment(ctx: TeamContext, rows: TeamRows, app: AppRow, wish: { builds: boolean; hasRef: boolean }): Promise<string | null> {
  if (app.gitUrl === null && app.imageReference === null)
    throw new AppError("bad_request", { what: `${app.name} has neither a repository nor an image.`, fix: "Name one in Settings." });
  if (app.gitUrl !== null && wish.builds) refuseRepository(ctx.services.env, app.gitUrl);
  if (app.gitUrl === null && wish.hasRef)
    throw new AppError("bad_request", { what: `${app.name} runs an image: it has no commits, branches or tags.`, fix: "Use --image." });

  const [places, variables, [worker], machines] = await Promise.all([
    rows.list(domains, { where: eq(domains.appId, app.id), orderBy: asc(domains.createdAt) }),
    rows.query((db, own) =>
      db
        .select({ key: appVariables.key, value: appVariables.value })
        .from(appVariables)
        .where(own(appVariables, eq(appVariables.appId, app.id))),
    ),
    rows.query((db) => db.select(REPORT).from(workers).orderBy(desc(workers.reportedAt)).limit(1)),
    rows.query((db) => db.select({ state: nodes.state, availability: nodes.availability, labels: nodes.labels }).from(nodes)),
  ]);
  if (places.some((domain) => domain.tls !== "off")) {
    throw new AppError("unsupported", { what: "Certificates come with a later version.", fix: "Set the domain's TLS to off." });
  }
  const address = places.find((domain) => !domain.isGenerated) ?? places[0];
  for (const variable of variables) {
    try {
      ctx.key.open(variable.value, `variable:${app.id}:${variable.key}`);
    } catch (error) {
      throw new AppError(
        "bad_request",
        { what: `The value of ${variable.key} cannot be decrypted.`, why: "The master key is another one than when it was set.", fix: "Set the value again." },
        error,
      );
    }
  }

  const misplaced = placementProblem(app, machines);
  if (misplaced) throw new AppError("conflict", misplaced);
  const unshared = machines.length > 1 && worker ? registryProblem(worker.registry) : null;
  if (unshared) throw new AppError("unavailable", unshared);

  const isFresh = worker !== undefined && ctx.now() - worker.reportedAt < REPORT_VALID_MICROS;
  if (isFresh && worker.nodeCount <= 1) refuseWithoutMemory(app, worker.freeMemoryBytes);
  if (isFresh && worker.freeDiskBytes > 0 && worker.freeDiskBytes < MIN_FREE_BYTES && wish.builds) {
    const free = Math.round(worker.freeDiskBytes / 1024 ** 2);
    throw new AppError("unavailable", {
      what: `Only ${free} MiB of disk are free.`,
      why: "A build that fills the disk stops every application on it.",
      fix: "Free at least 1 GiB, for instance with docker image prune.",
    });
  }
  return address ? urlOf(ctx, address) : null;
}

/** For a while both slots run: the new one needs its memory beside the old one's. What has no limit cannot be told before. */
function refuseWithoutMemory({ name, strategy, replicas, resources, activeSlot }: AppRow, freeBytes: number): void {
  if (resources.memoryBytes === undefined || freeBytes === 0) return;
  const tasks = strategy === "rolling" && activeSlot !== null ? 1 : replicas;
  const needed = strategy === "recreate" && activeSlot !== null ? 0 : tasks * resources.memoryBytes;
  if (needed <= freeBytes) return;
  const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
  throw new AppError("unavailable", {
    what: `The new release of ${name} may need ${mebibytes(needed)} of memory; ${mebibytes(freeBytes)} are free.`,
    why: activeSlot === null ? "Its limit says so." : "Until it has the traffic, both releases run.",
    fix: "Lower the memory limit or the replicas, stop something else, or use the strategy recreate.",
  });
}
