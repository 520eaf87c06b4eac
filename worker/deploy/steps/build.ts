import type { BuildVertex } from "../../ports";
import { buildId } from "../build-id";
import { engineOf, nodeLost, takeBuildPlace } from "../build-place";
import { lastDurations } from "../cache-savings";
import { imageTag } from "../image-tag";
import { type Results, type Run, resultOf } from "../run";
import { workTree } from "../work-tree";

/** Builds with BuildKit, on the node that has room. Its vertices become children of this step. After a crash an image that was finished is taken as it is. */
export async function build(run: Run, signal: AbortSignal): Promise<NonNullable<Results["build"]>> {
  const { dockerfile } = resultOf(run, "plan");
  const tag = imageTag(run.deployment.appId, run.deployment.id);
  const finished = run.deployment.attempt > 1 ? await finishedBefore(run, tag) : null;
  if (finished) {
    run.say("The image was finished before the interruption.");
    return finished;
  }
  const place = await takeBuildPlace(run, signal);
  if (run.worker.nodes.count() > 1) run.say(`It is built on ${place.name}.`);
  if (place.name !== "") run.detail({ node: place.name });

  const buildValues = run.config.buildKeys.flatMap((key) => (run.config.env[key] === undefined ? [] : [[key, run.config.env[key]] as const]));
  const isSecret = new Set(run.config.secretKeys);
  const vertices: BuildVertex[] = [];
  const building = place.engine.builder.build({
    id: buildId(run.deployment.id, run.deployment.attempt),
    ...(await workTree(run, signal)),
    contextKey: run.deployment.appId,
    dockerfile,
    target: run.config.buildTarget ?? undefined,
    args: { ...run.config.buildArgs, ...Object.fromEntries(buildValues.filter(([key]) => !isSecret.has(key))) },
    secrets: Object.fromEntries(buildValues.filter(([key]) => isSecret.has(key))),
    labels: { "dokploy.home": run.worker.env.DOKPLOY_HOME_ID, "dokploy.app": run.deployment.appId, "dokploy.deployment": run.deployment.id },
    tag,
    noCache: run.deployment.noCache,
    signal: place.lost ? AbortSignal.any([signal, place.lost]) : signal,
    output: ({ text, at, stream, vertex }) => run.log.write({ at, step: "build", text, vertex, isError: stream === "stderr" }),
    onVertex: (vertex) => vertices.push(vertex),
  });
  // A failed build's steps are recorded too.
  const built = await building
    .catch((error: unknown) => {
      throw place.lost?.aborted && !signal.aborted ? nodeLost(place.name, error) : error;
    })
    .finally(() => recordVertices(run, vertices));
  const cached = built.vertices.filter((vertex) => vertex.cached).length;
  run.detail({
    imageId: built.imageId,
    sizeBytes: built.sizeBytes,
    contextBytes: built.contextBytes,
    contextFiles: built.contextFiles,
    sentBytes: built.sent.bytes,
    sentFiles: built.sent.files,
    steps: built.vertices.length,
    cached,
  });
  return { imageId: built.imageId, sizeBytes: built.sizeBytes, ...(place.isOwn ? {} : { node: place.node }) };
}

/** What an attempt before this one has built, where that can be asked; what cannot is built again. */
async function finishedBefore(run: Run, tag: string): Promise<NonNullable<Results["build"]> | null> {
  const { worker, deployment } = run;
  const isOwn = deployment.buildNode === null || deployment.buildNode === worker.nodes.ownId();
  const engine = engineOf(worker, deployment.buildNode);
  const image = await (engine?.images.inspect(tag) ?? Promise.resolve(null)).catch((error: unknown) => {
    if (isOwn) throw error;
    worker.services.log.warn({ err: error, deployment: deployment.id, node: deployment.buildNode }, "what was built there is not known; it is built again");
    return null;
  });
  return image && { imageId: image.imageId, sizeBytes: image.sizeBytes, ...(isOwn ? {} : { node: deployment.buildNode ?? "" }) };
}

/** BuildKit's steps; a cached one says how long it took when it last really ran, if that is known. */
async function recordVertices(run: Run, vertices: BuildVertex[]): Promise<void> {
  const cached = vertices.filter((vertex) => vertex.cached).map((vertex) => vertex.name);
  const took = await lastDurations(run.ctx, run.deployment.appId, cached).catch((error: unknown) => {
    run.worker.services.log.warn({ err: error, deployment: run.deployment.id }, "what the cache saved is not known");
    return new Map<string, number>();
  });
  const begun = new Set<number>();
  for (const vertex of vertices) {
    // BuildKit gives cached steps one and the same time; the ledger tells spans of a step apart by their beginning.
    let { startedAt } = vertex;
    while (begun.has(startedAt)) startedAt += 1;
    begun.add(startedAt);
    const savedS = vertex.cached ? took.get(vertex.name) : undefined;
    run.child({
      step: "vertex",
      class: "va",
      startedAt,
      finishedAt: Math.max(startedAt, vertex.finishedAt),
      cached: vertex.cached,
      outcome: vertex.error === null ? "ok" : "failed",
      detail: { name: vertex.name, digest: vertex.digest, ...(savedS === undefined ? {} : { savedS }) },
    });
  }
}
