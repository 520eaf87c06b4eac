import type { Canary, Volume } from "./schema";

/**
 * Volumes and canary steps as people write them on one line, on a page and on the command line. What they mean is checked by the
 * schemas; here only the form is.
 */
export class NotationError extends Error {
  /** The form's field that it was read from. */
  field = "";
}

/** `data:/var/lib/data, uploads:/uploads:shared` */
export function readVolumes(text: string): Volume[] {
  return parts(text).map((part) => {
    const [name = "", path = "", shared, ...more] = part.split(":").map((word) => word.trim());
    if (!name || !path || more.length > 0 || (shared !== undefined && shared !== "shared"))
      throw new NotationError(`“${part}” is not a volume: write NAME:/path or NAME:/path:shared.`);
    return { name, path, shared: shared === "shared" };
  });
}
export const writeVolumes = (volumes: readonly Volume[]): string =>
  volumes.map(({ name, path, shared }) => `${name}:${path}${shared ? ":shared" : ""}`).join(", ");

/** `5:30, 25:30` is 5 % of the traffic for 30 s, then 25 % for 30 s. */
export function readCanarySteps(text: string): Canary["steps"] {
  return parts(text).map((part) => {
    const match = /^(\d{1,3})\s*%?\s*:\s*(\d{1,5})\s*s?$/.exec(part);
    if (!match) throw new NotationError(`“${part}” is not a step: write PER CENT:SECONDS, for instance 5:30.`);
    return { weight: Number(match[1]), holdS: Number(match[2]) };
  });
}
export const writeCanarySteps = (steps: Canary["steps"]): string => steps.map(({ weight, holdS }) => `${weight}:${holdS}`).join(", ");

/** `node.labels.disk==ssd, node.labels.zone!=b`; for one who leaves it out, `node.labels.` is put before. */
export const readPlacement = (text: string): string[] => parts(text).map((part) => (part.startsWith("node.") ? part : `node.labels.${part}`));
export const writePlacement = (rules: readonly string[]): string => rules.join(", ");

const parts = (text: string) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
