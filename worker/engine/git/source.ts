import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { AllowHosts } from "../../../server/git-hosts";
import { DeployError } from "../../errors";
import type { Commit, Ref, RepositoryRequest, SourceRepository } from "../../ports";
import type { EngineLog } from "../docker-client";
import type { Resolve } from "./allowed-hosts";
import { COMMIT_FORMAT, parseCommits } from "./commit-log";
import { withAccess } from "./credentials";
import { fetchError, isForeignLock, isMissingRef } from "./git-errors";
import { createMirror, createTurns, mirrorDirectory, mirrorExists, removeStaleLocks } from "./mirror";
import { checkRemote, type Remote } from "./repository-url";
import { type GitResult, type GitSettings, gitEnvironment, runGit } from "./run-git";
import { scratchPrefix, sweepScratch } from "./scratch";

export type SourceOptions = { home: string; localRepositories: string; allowHosts: AllowHosts; log: EngineLog; resolve?: Resolve };

const SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const SHA = /^[0-9a-f]{7,64}$/;
const FULL_SHA = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const LONGEST_SET = 10_000;

const refMissing = (ref: Ref) =>
  new DeployError("ref_not_found", {
    what: `There is no ${ref.kind === "sha" ? "commit" : ref.kind} ${ref.name} in the repository`,
    why: "It was not pushed, or it was removed.",
    fix: "Push it, or choose another.",
  });
const commitMissing = (sha: string) =>
  new DeployError("commit_not_found", {
    what: `The commit ${sha} is not in the repository`,
    why: "It was not pushed, or it was removed by a force push.",
    fix: "Choose a commit that is on a branch.",
  });
const isEmptyRepository = () =>
  new DeployError("repository_empty", { what: "The repository is empty", why: "It has no commit yet.", fix: "Push a first commit." });

/** git-check-ref-format(1), and no leading dash: the name is safe as an argument and as part of a refspec. */
export function isRefName(name: string): boolean {
  if (name === "" || name.length > 250 || /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.lock(\/|$)|\.$|\/$|^\/|(^|\/)[.-]/.test(name)) return false;
  return name !== "@";
}

function refspecOf(ref: Ref): string | null {
  if (ref.kind === "sha") return null;
  if (!isRefName(ref.name)) throw refMissing(ref);
  const full = ref.kind === "branch" ? `refs/heads/${ref.name}` : `refs/tags/${ref.name}`;
  return `+${full}:${full}`;
}

const where = (remote: Remote) => (remote.kind === "path" ? "The folder" : remote.host);

/** Git by bare mirrors below `<home>/mirrors`: one for each address, one fetch at a time in each. */
export function createSource(options: SourceOptions): SourceRepository {
  const { home, log } = options;
  const mirrors = path.join(home, "mirrors");
  const accessHome = path.join(home, "git-access");
  const inTurn = createTurns();
  const check = (url: string) =>
    checkRemote(url, { allow: options.allowHosts, localRepositories: options.localRepositories, ...(options.resolve ? { resolve: options.resolve } : {}) });

  const git = (
    args: string[],
    given: {
      cwd: string;
      settings?: GitSettings;
      signal?: AbortSignal | undefined;
      onProgress?: Parameters<typeof runGit>[1]["onProgress"];
      variables?: Record<string, string>;
    },
  ) =>
    runGit(args, {
      cwd: given.cwd,
      environment: { ...gitEnvironment(given.settings ?? {}, accessHome, SEARCH_PATH), ...given.variables },
      signal: given.signal,
      ...(given.onProgress ? { onProgress: given.onProgress } : {}),
    });

  async function ensureMirror(directory: string): Promise<void> {
    if (await mirrorExists(directory)) return;
    await createMirror(directory, async (cwd) => {
      const { code, stderr } = await git(["init", "--quiet", "--bare", "--template=", "."], { cwd });
      if (code !== 0) throw new DeployError("internal", { what: "The mirror could not be made", why: stderr }, { kind: "ours" });
    });
  }

  /** A fetch; when a lock stands in its way, it is a dead process's: the lock goes, and the fetch is tried once more. */
  async function fetchInto(
    directory: string,
    remote: Remote,
    refspecs: string[],
    request: RepositoryRequest & { output?: Parameters<SourceRepository["fetch"]>[0]["output"] },
  ): Promise<GitResult> {
    const args = ["fetch", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--progress", "--force", "--end-of-options", remote.url, ...refspecs];
    const attempt = () =>
      withAccess(remote, request.credential, accessHome, (settings) =>
        git(args, { cwd: directory, settings, signal: request.signal, ...(request.output ? { onProgress: request.output } : {}) }),
      );
    const first = await attempt();
    if (first.code === 0 || !isForeignLock(first.stderr) || !(await removeStaleLocks(directory))) return first;
    log.warn({ mirror: path.basename(directory) }, "a lock of a dead git was removed");
    return attempt();
  }

  /** The commit behind a name that the mirror has; null when it has none. */
  async function readCommit(directory: string, revision: string): Promise<Commit | null> {
    const { code, stdout } = await git(["log", "-1", "--no-show-signature", COMMIT_FORMAT, "--end-of-options", `${revision}^{commit}`, "--"], {
      cwd: directory,
    });
    return code === 0 ? (parseCommits(stdout.toString("utf8"))[0] ?? null) : null;
  }

  /** Whether a branch or tag that was fetched still leads to a commit: after a force push the old head lies in the mirror, and nothing leads to it. */
  async function isReachable(directory: string, sha: string): Promise<boolean> {
    const { code, stdout } = await git(["for-each-ref", "--count=1", `--contains=${sha}`], { cwd: directory });
    return code === 0 && stdout.length > 0;
  }

  async function remoteHeads(request: RepositoryRequest, remote: Remote): Promise<Map<string, string>> {
    const args = ["ls-remote", "--heads", "--quiet", "--end-of-options", remote.url];
    await mkdir(mirrors, { recursive: true, mode: 0o700 });
    const result = await withAccess(remote, request.credential, accessHome, (settings) => git(args, { cwd: mirrors, settings, signal: request.signal }));
    if (result.code !== 0) throw fetchError(result.stderr, where(remote));
    const heads = new Map<string, string>();
    for (const line of result.stdout.toString("utf8").split("\n")) {
      const [sha, name] = line.split("\t");
      if (sha && name?.startsWith("refs/heads/")) heads.set(name.slice("refs/heads/".length), sha);
    }
    return heads;
  }

  async function whyMissing(request: RepositoryRequest & { ref: Ref }, remote: Remote): Promise<DeployError> {
    const heads = await remoteHeads(request, remote);
    if (heads.size === 0) return isEmptyRepository();
    return request.ref.kind === "sha" ? commitMissing(request.ref.name) : refMissing(request.ref);
  }

  /** A commit by its id: from the mirror when it is there, else by id from the remote, else out of all branches and tags. */
  async function fetchSha(directory: string, remote: Remote, request: Parameters<SourceRepository["fetch"]>[0]): Promise<Commit> {
    const { name } = request.ref;
    if (!SHA.test(name)) throw commitMissing(name);
    const present = await readCommit(directory, name);
    if (present) return present;
    if (FULL_SHA.test(name)) {
      const byId = await fetchInto(directory, remote, [`+${name}:refs/dokploy/commits/${name}`], request);
      const commit = byId.code === 0 ? await readCommit(directory, name) : null;
      if (commit) return commit;
    }
    const all = await fetchInto(directory, remote, ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"], request);
    if (all.code !== 0) throw fetchError(all.stderr, where(remote));
    const commit = await readCommit(directory, name);
    if (!commit) throw await whyMissing(request, remote);
    return commit;
  }

  async function fetch(request: Parameters<SourceRepository["fetch"]>[0]): Promise<{ commit: Commit; forcePushed: boolean }> {
    const remote = await check(request.url);
    const refspec = refspecOf(request.ref);
    const directory = mirrorDirectory(mirrors, request.url);
    return inTurn(directory, async () => {
      await ensureMirror(directory);
      if (refspec === null) return { commit: await fetchSha(directory, remote, request), forcePushed: false };
      const result = await fetchInto(directory, remote, [refspec], request);
      if (result.code !== 0) throw isMissingRef(result.stderr) ? await whyMissing(request, remote) : fetchError(result.stderr, where(remote));
      const commit = await readCommit(directory, refspec.slice(refspec.indexOf(":") + 1));
      if (!commit) throw refMissing(request.ref);
      return { commit, forcePushed: /^ \+ .*\(forced update\)/m.test(result.stderr) };
    });
  }

  async function commitSet({ url, from, to, paths = [] }: Parameters<SourceRepository["commitSet"]>[0]): Promise<{ commits: Commit[]; known: boolean }> {
    const directory = mirrorDirectory(mirrors, url);
    if (!SHA.test(to) || (from !== null && !SHA.test(from))) throw commitMissing(SHA.test(to) ? (from ?? "") : to);
    const head = (await mirrorExists(directory)) ? await readCommit(directory, to) : null;
    if (!head) throw commitMissing(to);
    if (from === null || !(await isReachable(directory, from))) return { commits: [head], known: false };
    const { code, stdout, stderr } = await git(
      [
        "log",
        "--no-show-signature",
        `--max-count=${LONGEST_SET}`,
        COMMIT_FORMAT,
        "--end-of-options",
        `${from}..${to}`,
        "--",
        ...paths.map((one) => `:(literal)${one}`),
      ],
      { cwd: directory },
    );
    if (code !== 0) throw new DeployError("internal", { what: "The commits could not be listed", why: stderr }, { kind: "ours" });
    return { commits: parseCommits(stdout.toString("utf8")), known: true };
  }

  /** The tree of a commit below a folder, as git names it. */
  function treeOf(sha: string, below: string): string {
    if (!FULL_SHA.test(sha)) throw commitMissing(sha);
    const parts = below.split("/").filter((part) => part !== "." && part !== "");
    if (parts.includes("..") || parts.some((part) => part.includes("\u0000")))
      throw new DeployError("ref_not_found", { what: `The folder ${below} is refused`, why: "It leads out of the repository." });
    return parts.length === 0 ? `${sha}^{tree}` : `${sha}:${parts.join("/")}`;
  }

  async function treeError(directory: string, sha: string, below: string, stderr: string): Promise<DeployError> {
    if (!(await readCommit(directory, sha))) return commitMissing(sha);
    if (/not a (valid|tree) object|does not exist|unable to read tree|not a tree|failed to unpack|bad revision/i.test(stderr))
      return new DeployError("ref_not_found", {
        what: `There is no folder ${below} in this commit`,
        why: "The application's settings name it as the place of its source.",
        fix: "Correct the path in Settings, or add the folder.",
      });
    return new DeployError("internal", { what: "The source could not be checked out", why: stderr }, { kind: "ours" });
  }

  async function listBlobs({ url, sha, path: below, signal }: Parameters<SourceRepository["listBlobs"]>[0]): Promise<Uint8Array> {
    const directory = mirrorDirectory(mirrors, url);
    const { code, stdout, stderr } = await git(["ls-tree", "-r", "-z", "--end-of-options", treeOf(sha, below)], { cwd: directory, signal });
    if (code !== 0) throw await treeError(directory, sha, below, stderr);
    return stdout;
  }

  async function checkout({ url, sha, path: below, directory: target, signal }: Parameters<SourceRepository["checkout"]>[0]): Promise<void> {
    const directory = mirrorDirectory(mirrors, url);
    const tree = treeOf(sha, below);
    // An index of its own, so that checkouts of one mirror do not meet. git itself never writes through a symbolic link of the tree.
    const scratch = await mkdtemp(path.join(directory, scratchPrefix("index")));
    try {
      const variables = { GIT_DIR: directory, GIT_WORK_TREE: target, GIT_INDEX_FILE: path.join(scratch, "index") };
      const { code, stderr } = await git(["read-tree", "-m", "-u", "--end-of-options", tree], { cwd: target, signal, variables });
      if (code !== 0) throw await treeError(directory, sha, below, stderr);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async function sweep(): Promise<number> {
    const own = (await readdir(mirrors).catch(() => [])).map((name) => path.join(mirrors, name));
    const counts = await Promise.all([sweepScratch(accessHome, "access"), ...own.map((directory) => sweepScratch(directory, "index"))]);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  return { fetch, commitSet, checkout, listBlobs, sweep, heads: async (request) => remoteHeads(request, await check(request.url)) };
}
