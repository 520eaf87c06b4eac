import { createHash } from "node:crypto";

/**
 * The id of what an import names, always the same for the same names: so that lines may refer to one another in any order.
 * Version 5 of RFC 9562 in form, with SHA-256.
 */
export function importedId(...names: string[]): string {
  const hash = createHash("sha256")
    .update(names.map((name) => `${name.length}:${name}`).join("|"))
    .digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const hex = hash.toString("hex", 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Under which imported commits of a project's application lie, whatever its environments. */
export const commitPlace = (teamId: string, projectId: string, app: string): string => importedId("commits", teamId, projectId, app);
export const importedDeployment = (teamId: string, id: string): string => importedId("deployment", teamId, id);
