import { text } from "node:stream/consumers";
import { DeployError } from "../errors";
import type { ImageStore, Output } from "../ports";
import { ask, askMaybe, credentialFor, type Engine, engineError, isAbort, messageOf, type RegistryAccess, statusOf } from "./docker-client";
import { jsonLines, openStream } from "./docker-stream";
import { cancelled } from "./wait-until";

type Progress = { id?: string; status?: string; error?: string; errorDetail?: { message?: string }; aux?: { Digest?: string } };
type Inspected = { Id: string; Size: number; RepoDigests?: string[]; RootFS?: { Layers?: string[] }; Config?: { ExposedPorts?: Record<string, object> } };

/** The engine wants URL-safe base64 with padding (Engine API, "Authentication"). */
const authHeader = (credential: object): string => Buffer.from(JSON.stringify(credential)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");

/** `registry:5000/team/app:tag@sha256:…` in its parts; the tag is `latest` when neither is given. */
export function splitReference(reference: string): { name: string; tag: string; digest: string | null } {
  const [rest = "", digest = null] = reference.split("@");
  const colon = rest.lastIndexOf(":");
  const hasTag = colon > rest.lastIndexOf("/");
  return { name: hasTag ? rest.slice(0, colon) : rest, tag: hasTag ? rest.slice(colon + 1) : "latest", digest };
}

const isRefusal = (message: string) => /unauthorized|authentication required|denied|no basic auth|incorrect username|forbidden/i.test(message);

/**
 * Follows a push or a pull to its end. The engine answers HTTP 200 and tells of a failure in the stream.
 * @throws Error with the engine's words when the stream tells of one
 */
async function follow(stream: AsyncIterable<Buffer>, output: Output | undefined): Promise<Progress[]> {
  const kept: Progress[] = [];
  const seen = new Map<string, string>();
  for await (const value of jsonLines(stream)) {
    const progress = value as Progress;
    const problem = progress.errorDetail?.message ?? progress.error;
    if (problem) throw new Error(problem);
    if (progress.aux) kept.push(progress);
    const { id = "", status } = progress;
    if (!status || seen.get(id) === status) continue; // bars are not lines
    seen.set(id, status);
    output?.({ text: id === "" ? status : `${id}: ${status}`, stream: "stdout", at: Date.now() * 1000 });
  }
  return kept;
}

function pushError(error: unknown, repository: string): DeployError {
  if (error instanceof DeployError) return error;
  const message = messageOf(error);
  const fix = isRefusal(message)
    ? "Check the registry's user name and password in the settings."
    : "It is tried again; check that the registry is up and has room if it stays so.";
  const what = isRefusal(message) ? "The registry refused the credential" : `The image could not be pushed to ${repository}`;
  return new DeployError("push_failed", { what, why: message, fix }, { kind: isRefusal(message) ? "ours" : "temporary", cause: error });
}

function pullError(error: unknown, reference: string): DeployError {
  const message = messageOf(error);
  const isAway = /dial tcp|no such host|timeout|connection refused|TLS handshake/i.test(message);
  const what = `The image ${reference} was not found`;
  if (isAway)
    return new DeployError(
      "image_not_found",
      {
        what,
        why: `It is not on this server, and its registry cannot be reached: ${message}`,
        fix: "Check the image's name, and that this server reaches the registry.",
      },
      { cause: error },
    );
  return new DeployError(
    "image_not_found",
    { what, why: message, fix: "Check its name and tag; a private image needs a registry credential." },
    { cause: error },
  );
}

export function createImages(engine: Engine, registry: RegistryAccess | null): ImageStore {
  const { docker, address } = engine;
  const inspectImage = (reference: string) =>
    askMaybe(`inspect the image ${reference}`, async () => (await docker.getImage(reference).inspect()) as unknown as Inspected);

  return {
    async push({ imageId, repository, tag, signal, output }) {
      try {
        await docker.getImage(imageId).tag({ repo: repository, tag });
        const headers = { "X-Registry-Auth": authHeader(credentialFor(`${repository}:${tag}`, registry) ?? {}) };
        const stream = await openStream(address, { method: "POST", path: `/images/${repository}/push`, query: { tag }, headers, signal });
        const digest = (await follow(stream, output)).findLast((progress) => progress.aux?.Digest)?.aux?.Digest;
        if (!digest) throw new Error("the registry did not say under which digest it has the image");
        return `${repository}@${digest}`;
      } catch (error) {
        if (signal?.aborted || isAbort(error)) throw cancelled(error);
        if (statusOf(error) === 404)
          throw new DeployError("image_not_found", { what: `The image ${imageId} is not on this node`, why: messageOf(error) }, { kind: "ours", cause: error });
        const mapped = engineError(error, "push an image");
        throw mapped.code === "engine_unavailable" ? mapped : pushError(error, repository);
      }
    },
    async pull({ reference, signal, output }) {
      const answer = (image: Inspected) => {
        const { name } = splitReference(reference);
        return { imageId: image.Id, digest: image.RepoDigests?.find((digest) => digest.startsWith(`${name}@`)) ?? null };
      };
      const present = await inspectImage(reference);
      if (present) return answer(present);
      const { name, tag, digest } = splitReference(reference);
      try {
        const credential = credentialFor(reference, registry);
        const headers: Record<string, string> = credential ? { "X-Registry-Auth": authHeader(credential) } : {};
        const stream = await openStream(address, { method: "POST", path: "/images/create", query: { fromImage: name, tag: digest ?? tag }, headers, signal });
        await follow(stream, output);
      } catch (error) {
        if (signal?.aborted || isAbort(error)) throw cancelled(error);
        const mapped = engineError(error, "pull an image");
        throw mapped.code === "engine_unavailable" ? mapped : pullError(error, reference);
      }
      const pulled = await inspectImage(reference);
      if (!pulled) throw pullError(new Error("it was pulled, and is not there"), reference);
      return answer(pulled);
    },
    async inspect(reference) {
      const image = await inspectImage(reference);
      if (!image) return null;
      const exposedPorts = Object.keys(image.Config?.ExposedPorts ?? {})
        .filter((port) => !port.endsWith("/udp"))
        .map((port) => Number.parseInt(port, 10));
      return { imageId: image.Id, exposedPorts: exposedPorts.sort((a, b) => a - b), sizeBytes: image.Size, layers: image.RootFS?.Layers ?? [] };
    },
    async reclaim({ unusedHours, keepBytes }) {
      const prune = async (path: string, query: Record<string, string>) => {
        const answer = await ask("reclaim disk", async () => text(await openStream(engine.address, { method: "POST", path, query })));
        return (JSON.parse(answer) as { SpaceReclaimed?: number }).SpaceReclaimed ?? 0;
      };
      const old = JSON.stringify({ until: { [`${unusedHours}h`]: true } });
      const nameless = JSON.stringify({ dangling: { true: true }, label: { [`dokploy.home=${engine.homeId}`]: true } });
      const images = await prune("/images/prune", { filters: nameless });
      const unused = await prune("/build/prune", { all: "true", filters: old });
      const beyond = keepBytes === null ? 0 : await prune("/build/prune", { all: "true", "keep-storage": String(keepBytes) });
      return images + unused + beyond;
    },
    async owned(prefix) {
      const found = await ask("list images", () => docker.listImages({ filters: { label: [`dokploy.home=${engine.homeId}`] } }));
      return found.flatMap(({ Id, RepoTags, RepoDigests }) =>
        [...(RepoTags ?? []), ...(RepoDigests ?? [])].filter((name) => name.startsWith(prefix)).map((name) => ({ name, imageId: Id })),
      );
    },
    async remove(imageId) {
      try {
        await docker.getImage(imageId).remove({ force: false });
      } catch (error) {
        if (statusOf(error) === 404) return;
        const isTaggedMore = statusOf(error) === 409 && /referenced in (multiple|one or more) repositories/i.test(messageOf(error));
        if (isTaggedMore) return ask("remove an image", () => removeAllNames(imageId));
        if (statusOf(error) === 409) return; // a container uses it: it is removed when that is gone
        throw engineError(error, "remove an image");
      }
    },
  };

  async function removeAllNames(imageId: string): Promise<void> {
    const image = (await docker.getImage(imageId).inspect()) as unknown as { RepoTags?: string[]; RepoDigests?: string[] };
    for (const name of [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])])
      await askMaybe(`remove ${name}`, () => docker.getImage(name).remove({ force: false }));
  }
}
