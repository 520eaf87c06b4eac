import { DeployError } from "../../errors";

const rules: { matches: RegExp; error: (where: string) => DeployError }[] = [
  {
    matches:
      /could not read (username|password)|authentication failed|terminal prompts disabled|http basic: access denied|permission denied \(|invalid credentials|returned error: 40[13]|access denied|load key .* (invalid|error)/i,
    error: (where) =>
      new DeployError("repository_credentials", {
        what: "The repository needs other credentials",
        why: `${where} refused to show it to us, or does not say whether it exists.`,
        fix: "Add a credential for this host, or check the one there is, and the repository's address.",
      }),
  },
  {
    matches: /host key verification failed|remote host identification has changed/i,
    error: (where) =>
      new DeployError("repository_refused", {
        what: `The key of ${where} is not the one that is known`,
        why: "Another machine may answer under its name.",
        fix: "Put the host's present key into the credential's known hosts.",
      }),
  },
  {
    matches: /redirect|returned error: 30\d/i,
    error: (where) =>
      new DeployError("repository_refused", {
        what: "The repository's address leads to another one",
        why: `${where} answered with a redirection, which is not followed.`,
        fix: "Use the address that it leads to.",
      }),
  },
  {
    matches: /couldn't find remote ref|no such ref|unadvertised object|not our ref/i,
    error: () =>
      new DeployError("ref_not_found", {
        what: "The branch, tag or commit is not in the repository",
        why: "The remote does not have it.",
        fix: "Push it, or choose another.",
      }),
  },
  {
    matches:
      /repository .*not found|does not appear to be a git repository|project you were looking for could not be found|returned error: 404|not found$|does not exist/im,
    error: (where) =>
      new DeployError("repository_not_found", {
        what: "The repository was not found",
        why: `${where} does not have it, or hides it without a credential.`,
        fix: "Check the repository's address; add a credential if it is private.",
      }),
  },
  {
    matches:
      /could not resolve host|connection (refused|timed out|reset)|failed to connect|couldn't connect|no route to host|network is unreachable|operation timed out|operation too slow|ssl|certificate|remote end hung up|early eof|returned error: 5\d\d|kex_exchange|connection closed/i,
    error: (where) =>
      new DeployError(
        "repository_unreachable",
        { what: `${where} cannot be reached`, why: "The connection failed.", fix: "It is tried again; check that the Git host is up if it stays so." },
        { kind: "temporary" },
      ),
  },
];

/** git names its remote in messages; an address is shown by its host alone, whatever was in it. */
const cleaned = (text: string) => text.replace(/\b([a-z]+:\/\/)[^@\s/]*@/gi, "$1");

/**
 * Says in our words why git could not fetch. git has no codes for it: its messages (LC_ALL=C) are matched, the more certain ones first.
 * @param where the host, or "the folder" for a local repository
 */
export function fetchError(stderr: string, where: string): DeployError {
  const text = cleaned(stderr);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const rule = rules.find(({ matches }) => matches.test(text));
  const known =
    rule?.error(where) ??
    new DeployError(
      "repository_unreachable",
      { what: "The repository could not be fetched", why: lines.at(-1) ?? "git gave no reason." },
      { kind: "temporary" },
    );
  return new DeployError(known.code, known.explanation, { kind: known.kind, lastLines: lines.slice(-10), cause: new Error(text) });
}

export const isMissingRef = (stderr: string): boolean => /couldn't find remote ref/i.test(stderr);
export const isForeignLock = (stderr: string): boolean => /Unable to create '.*\.lock'|cannot lock ref|shallow\.lock/i.test(stderr);
