import type { Commit } from "../../ports";

/** Fields end with NUL and a commit with RS: neither can be in a message that git stores as text. */
export const COMMIT_FORMAT = "--format=tformat:%H%x00%P%x00%at%x00%an%x00%B%x00%x1e";

const SECOND = 1_000_000;

/** Reads `git log` in {@link COMMIT_FORMAT}. git keeps author times in whole seconds; they are answered in microseconds. */
export function parseCommits(output: string): Commit[] {
  const commits: Commit[] = [];
  for (const record of output.split("\u0000\u001e")) {
    const [sha, parents, time, author, message] = record.replace(/^\n/, "").split("\u0000");
    if (!sha || message === undefined) continue;
    const list = (parents ?? "").split(" ").filter((parent) => parent !== "");
    commits.push({ sha, message: message.trimEnd(), author: author ?? "", authoredAt: Number(time) * SECOND, merge: list.length > 1, parents: list });
  }
  return commits;
}
