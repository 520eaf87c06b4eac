import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { type Run, resultOf } from "./run";
import { repositoryOf } from "./source-access";

/** `blobs` says which content each file has, without reading it. */
export type WorkTree = { directory: string; blobs: Uint8Array };

type Held = { id: string; epoch: number };
const ready = new Map<string, Promise<WorkTree>>();
const workFolder = (home: string) => path.join(home, "work");
/** With the epoch: a worker that only slept does not touch its successor's files. */
const nameOf = ({ id, epoch }: Held) => `${id}-${epoch}`;
const directoryOf = (run: Run) => path.join(workFolder(run.worker.env.DOKPLOY_HOME), nameOf(run.deployment));

/** The commit's files, checked out once a run and process; a takeover checks them out anew. */
export function workTree(run: Run, signal: AbortSignal, sha = fetchedSha(run)): Promise<WorkTree> {
  const key = nameOf(run.deployment);
  const existing = ready.get(key);
  if (existing) return existing;
  const made = checkOut(run, sha, signal);
  ready.set(key, made);
  // what failed for the moment is tried again with the step
  made.catch(() => ready.delete(key));
  return made;
}

function fetchedSha(run: Run): string {
  const fetched = resultOf(run, "fetch");
  if (!("sha" in fetched)) throw new Error("An image has no work tree.");
  return fetched.sha;
}

async function checkOut(run: Run, sha: string, signal: AbortSignal): Promise<WorkTree> {
  const directory = directoryOf(run);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { url } = await repositoryOf(run.ctx, run.place.app);
  const { source } = run.worker.ports;
  const tree = { url, sha, path: run.config.path, signal };
  const [blobs] = await Promise.all([source.listBlobs(tree), source.checkout({ ...tree, directory })]);
  return { directory, blobs };
}

export async function removeWorkTree(run: Run): Promise<void> {
  ready.delete(nameOf(run.deployment));
  await rm(directoryOf(run), { recursive: true, force: true });
}

/** Those of this deployment's earlier holders. */
export async function removeOtherWorkTrees(run: Run): Promise<void> {
  const { id } = run.deployment;
  const home = run.worker.env.DOKPLOY_HOME;
  const others = (await listWorkTrees(home)).filter((name) => name.startsWith(id) && name !== nameOf(run.deployment));
  for (const name of others) await rm(path.join(workFolder(home), name), { recursive: true, force: true });
}

export const listWorkTrees = (home: string): Promise<string[]> => readdir(workFolder(home)).catch(() => []);

/** Removes those of `found` that none of the deployments under way holds. @returns how many */
export async function removeUnheldWorkTrees(home: string, found: readonly string[], held: readonly Held[]): Promise<number> {
  const kept = new Set(held.map(nameOf));
  const left = found.filter((name) => !kept.has(name));
  for (const name of left) await rm(path.join(workFolder(home), name), { recursive: true, force: true });
  return left.length;
}
