import { DeployError } from "../../errors";
import type { Commit } from "../../ports";
import { previousLiveSha, storeCommitFacts } from "../commit-facts";
import type { Run } from "../run";
import { repositoryOf } from "../source-access";
import { workTree } from "../work-tree";

/** Brings the exact commit (or the image) here and finds the set of commits since the last live one. */
export async function fetchSource(run: Run, signal: AbortSignal): Promise<object> {
  const { ref } = run.deployment;
  const { ports } = run.worker;
  if (!ref) throw new DeployError("ref_not_found", { what: "The deployment names neither a branch nor an image.", fix: "Deploy again." });
  if (ref.kind === "image") {
    run.say(`Image ${ref.name}`);
    const image = await ports.images.pull({ reference: ref.name, signal, output: ({ text }) => run.say(text) });
    run.detail({ image: image.digest ?? image.imageId });
    return image;
  }

  const repository = await repositoryOf(run.ctx, run.place.app);
  const { commit, forcePushed } = await ports.source.fetch({ ...repository, ref, signal, output: ({ text }) => run.say(text) });
  const [facts] = await Promise.all([findFacts(run, repository.url, commit), workTree(run, signal, commit.sha)]);
  const { before, commits, known } = facts;

  run.say(`${ref.kind} ${ref.name} is at ${commit.sha.slice(0, 10)}: ${commit.message.split("\n")[0]}`);
  if (forcePushed) run.say("The branch was force-pushed since the last fetch.");
  if (!known && before) run.say(`The commit that is live, ${before.slice(0, 10)}, is no longer in the repository: the commit set is this commit alone.`);
  else
    run.say(
      before === null ? "First deployment of this application." : `${commits.length} ${commits.length === 1 ? "commit" : "commits"} since the live release.`,
    );
  run.detail({ ref: `${ref.kind} ${ref.name}`, commits: commits.length, forcePushed });
  return { sha: commit.sha };
}

/** The commit set since the live release, stored; meanwhile the files are checked out. */
async function findFacts(run: Run, url: string, commit: Commit) {
  const before = await previousLiveSha(run);
  const { commits, known } = await run.worker.ports.source.commitSet({ url, from: before, to: commit.sha, paths: run.place.app.watchPaths });
  await storeCommitFacts(run, commit, commits, before === commit.sha);
  return { before, commits, known };
}
