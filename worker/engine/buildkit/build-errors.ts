import { DeployError } from "../../errors";

const INSTRUCTIONS = [
  "ADD",
  "ARG",
  "CMD",
  "COPY",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "FROM",
  "HEALTHCHECK",
  "LABEL",
  "MAINTAINER",
  "ONBUILD",
  "RUN",
  "SHELL",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
];
const KILLED = 137;

/** Levenshtein's distance (1965), one row at a time. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}

const nearest = (word: string) =>
  INSTRUCTIONS.map((name) => ({ name, distance: editDistance(word.toUpperCase(), name) })).sort((a, b) => a.distance - b.distance)[0];

/** BuildKit wraps its reason in several layers of "failed to solve". */
const reasonOf = (message: string) =>
  message.replace(
    /^(failed to solve( with frontend \S+)?|rpc error: code = \w+ desc =|failed to create LLB definition|failed to build LLB|failed to solve):?\s*/i,
    "",
  );
function innermost(message: string): string {
  for (let text = message.trim(); ; ) {
    const next = reasonOf(text);
    if (next === text) return text;
    text = next;
  }
}

function dockerfileError(reason: string): DeployError | null {
  const parse = /dockerfile parse error (?:on )?line (\d+): (.*)/is.exec(reason);
  if (parse?.[1] && parse[2]) {
    const word = /unknown instruction: (\S+)/i.exec(parse[2])?.[1];
    const guess = word ? nearest(word) : undefined;
    const fix =
      guess && guess.distance <= 2
        ? `Did you mean ${guess.name}?`
        : word
          ? `An instruction is one of ${INSTRUCTIONS.filter((name) => name !== "MAINTAINER").join(", ")}.`
          : "Correct this line.";
    return new DeployError("dockerfile_invalid", { what: `Line ${parse[1]} of the Dockerfile is wrong`, why: parse[2].split("\n")[0] ?? parse[2], fix });
  }
  if (/failed to read dockerfile|the dockerfile .*cannot be empty|file with no instructions|no such file or directory.*dockerfile/i.test(reason)) {
    return new DeployError("dockerfile_invalid", {
      what: "The Dockerfile cannot be read",
      why: reason,
      fix: "Check its path in Settings, and that it is not empty.",
    });
  }
  const stage = /target stage "?([^"\s]+)"? could not be found/i.exec(reason);
  if (stage)
    return new DeployError("dockerfile_invalid", {
      what: `The Dockerfile has no stage ${stage[1]}`,
      why: reason,
      fix: "Correct the build target in Settings, or name the stage with FROM … AS.",
    });
  return null;
}

/** The image that a registry was asked for: out of the request's address, or of the message itself. */
function imageName(reason: string): string | null {
  const asked = /"https?:\/\/([^/"]+)\/v2\/([^"]+)\/manifests\/([^"]+)"/.exec(reason);
  if (asked?.[1] && asked[2] && asked[3]) {
    const host = asked[1] === "registry-1.docker.io" ? "" : `${asked[1]}/`;
    return `${host}${host === "" ? asked[2].replace(/^library\//, "") : asked[2]}${asked[3].startsWith("sha256:") ? "@" : ":"}${asked[3]}`;
  }
  return (
    /(?:metadata for |^)((?:[\w.-]+(?::\d+)?\/)?[\w./-]+(?::[\w.-]+)?(?:@sha256:[0-9a-f]+)?): /i.exec(reason)?.[1]?.replace(/^docker\.io\/(library\/)?/, "") ??
    null
  );
}

function imageError(reason: string): DeployError | null {
  const isImage =
    /pull access denied|repository does not exist|failed to load metadata|failed to resolve source metadata|failed to do request|manifest unknown|: not found$|failed to authorize|no match for platform/i.test(
      reason,
    ) && !/failed to compute cache key|failed to calculate checksum/i.test(reason);
  if (!isImage) return null;
  const name = imageName(reason);
  const isAway = /dial tcp|no such host|i\/o timeout|connection refused|TLS|server misbehaving/i.test(reason);
  const what = name ? `The base image ${name} was not found` : "A base image was not found";
  return isAway
    ? new DeployError("image_not_found", {
        what,
        why: `It is not on this server, and its registry cannot be reached (${reason.split(": ").slice(-2).join(": ")}).`,
        fix: "Check the image's name after FROM, and that this server reaches the registry.",
      })
    : new DeployError("image_not_found", { what, why: reason, fix: "Check the image's name and tag after FROM; add a registry credential if it is private." });
}

/**
 * Says why a build failed.
 * @param message the engine's error
 * @param context the vertex that failed, and the last lines that it wrote
 * @returns `dockerfile_invalid`, `image_not_found`, `cancelled` or `build_failed`
 */
export function buildError(message: string, context: { vertex: string; lastLines: string[] }): DeployError {
  const known = classify(message, context);
  known.cause ??= new Error(message);
  return known;
}

function classify(message: string, context: { vertex: string; lastLines: string[] }): DeployError {
  const reason = innermost(message);
  const { lastLines } = context;
  if (/context canceled|^canceled$/i.test(reason)) return new DeployError("cancelled", { what: "The build was cancelled" });
  const run = /(?:executor failed running \[(.*?)\]|process "(.*?)" did not complete successfully): exit code: (\d+)/s.exec(reason);
  if (run) {
    const command = (run[1] ?? run[2] ?? "").replace(/^\/bin\/sh -c /, "");
    const code = Number(run[3]);
    const isKilled = code === KILLED;
    const fix = isKilled
      ? "The process was killed, most likely because memory ran out: let it use less, or build on a larger server."
      : "Its last lines show why; correct it and push again.";
    return new DeployError(
      "build_failed",
      { what: `\`${command}\` ended with exit code ${code}`, why: lastLines.findLast((line) => line.trim() !== "") ?? "It wrote nothing.", fix },
      { lastLines },
    );
  }
  const secret = /secret (\S+):? not found/i.exec(reason);
  if (secret)
    return new DeployError(
      "build_failed",
      { what: `The build secret ${secret[1]} is not set`, why: context.vertex || reason, fix: "Add it as a secret variable that builds may use." },
      { lastLines },
    );
  const missing = /"\/?([^"]+)":? not found|lstat (\S+): no such file or directory/.exec(reason);
  if (/failed to (compute cache key|calculate checksum|walk)/i.test(reason) && missing) {
    const file = (missing[1] ?? missing[2] ?? "").replace(/^.*\/snapshots\/\d+\/fs\//, "").replace(/^.*\/buildkit-mount\d+\//, "");
    return new DeployError(
      "build_failed",
      {
        what: `${file} is not in the build context`,
        why: `${context.vertex || "COPY"} needs it.`,
        fix: "Check the path, and that neither .gitignore nor .dockerignore leaves it out.",
      },
      { lastLines },
    );
  }
  const known = dockerfileError(reason) ?? imageError(reason);
  if (known) return known;
  if (/failed to create LLB definition/i.test(message))
    return new DeployError("dockerfile_invalid", {
      what: "The Dockerfile is wrong",
      why: reason,
      fix: "Correct the instruction that is named, or the variable that it uses.",
    });
  if (/no space left on device/i.test(reason))
    return new DeployError(
      "build_failed",
      { what: "The server's disk is full", why: reason, fix: "Remove what is not needed, or enlarge the disk." },
      { kind: "ours", lastLines },
    );
  return new DeployError(
    "build_failed",
    { what: "The build failed", why: reason, ...(context.vertex ? { fix: `It failed at ${context.vertex}.` } : {}) },
    { lastLines },
  );
}

/** Whether a build failed because the frontend that `# syntax=` names could not be fetched. */
export const isFrontendAway = (message: string): boolean =>
  /frontend gateway\.v0/i.test(message) && /dial tcp|no such host|timeout|connection refused|TLS|failed to do request/i.test(message);

/**
 * Takes the `# syntax=docker/dockerfile…` directive out of a Dockerfile, so that the engine's own frontend reads it; lines keep their
 * numbers. Null when it names none, or a frontend that is not Docker's.
 */
export function withoutFrontend(text: string): string | null {
  const directive = /^(?:#!.*\n)?(?:#[^\n=]*=[^\n]*\n)*?# *syntax *= *docker(?:\.io)?\/dockerfile(?:[:@][^\s]*)? *(?=\r?\n|$)/i.exec(text);
  return directive ? `${directive[0].replace(/# *syntax *= */i, "# frontend ")}${text.slice(directive[0].length)}` : null;
}
