import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, realpath, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ImageBuilder, ImageStore } from "../../ports";

/** `scratch`: a folder of its own in which the image is put together. */
export type AgentImageOptions = { scratch: string; homeId: string; registry: string; builder: ImageBuilder; images: ImageStore };

/** In the registry: one repository for the agents of all homes that it serves. */
export const AGENT_REPOSITORY = "dokploy-agent";
/** Raised when what the image is made from changes beside the program itself. */
const RECIPE = 1;
const PROGRAM = "agent/agent.js";
const MOST_HEAP_MIB = 64;
const DOCKERFILE = `FROM scratch
COPY base/ /
COPY agent/ /agent/
ENTRYPOINT ["/usr/local/bin/node", "--max-old-space-size=${MOST_HEAP_MIB}", "--max-semi-space-size=2", "/${PROGRAM}"]
`;

/** The program lies beside the worker's. */
const programFile = () => fileURLToPath(new URL("./agent.js", import.meta.url));

/** The running Node's shared libraries, as it has loaded them: its loader looks for them at the same places in the image. */
function libraries(): string[] {
  const report = process.report as unknown as { excludeNetwork?: boolean; getReport(): { sharedObjects: string[] } };
  report.excludeNetwork = true;
  return report.getReport().sharedObjects.filter((file) => /^\/(usr\/)?lib(64|32)?\/.*\.so(\.|$)/.test(file));
}

/** What the image is made from, as twelve characters: the same program on the same Node is the same agent. */
export async function agentVersion(program = programFile()): Promise<string> {
  const parts = [RECIPE, DOCKERFILE, process.version, process.arch, await readFile(program)];
  const hash = createHash("sha256");
  for (const part of parts) hash.update(Buffer.from(String(part))).update("\0");
  return hash.digest("hex").slice(0, 12);
}

/**
 * The agent's image: this machine's own Node with its libraries, and the program. It is built by the builder of every other image, needs
 * no registry in reach, and is brought to ours under its version; Node's layer is the same each time and travels once.
 */
export async function ensureAgentImage(options: AgentImageOptions, signal: AbortSignal): Promise<{ image: string; version: string }> {
  const { homeId, registry, images } = options;
  const version = await agentVersion();
  const tag = `${AGENT_REPOSITORY}/${homeId}:${version}`;
  const imageId = (await images.inspect(tag))?.imageId ?? (await make(options, { tag, version, signal }));
  const image = await images.push({ imageId, repository: `${registry}/${AGENT_REPOSITORY}`, tag: version, signal });
  for (const { name } of await images.owned(`${AGENT_REPOSITORY}/${homeId}:`)) if (name !== tag) await images.remove(name);
  return { image, version };
}

async function make({ scratch, homeId, builder }: AgentImageOptions, made: { tag: string; version: string; signal: AbortSignal }): Promise<string> {
  await rm(scratch, { recursive: true, force: true }); // of an attempt that was killed
  const put = async (file: string, name: string) => {
    const to = path.join(scratch, name);
    await mkdir(path.dirname(to), { recursive: true });
    await copyFile(await realpath(file), to);
  };
  try {
    await put(process.execPath, "base/usr/local/bin/node");
    for (const library of libraries()) await put(library, `base${library}`);
    await put(programFile(), PROGRAM);
    const { imageId } = await builder.build({
      id: `agent-${homeId}-${made.version}`,
      directory: scratch,
      contextKey: AGENT_REPOSITORY,
      blobs: null,
      dockerfile: { text: DOCKERFILE },
      args: {},
      secrets: {},
      labels: { "dokploy.home": homeId, "dokploy.agent": made.version },
      tag: made.tag,
      noCache: false,
      signal: made.signal,
      output: () => {},
    });
    return imageId;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
