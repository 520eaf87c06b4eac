import http from "node:http";
import https from "node:https";
import type { RegistryImages } from "../machine-ports";
import type { RegistryAccess } from "./docker-client";

const TIMEOUT_MS = 10_000;
const PAGE = 1_000;
/** Every kind of manifest that a build may have pushed: a registry that is not told answers an older kind, under another digest. */
const MANIFESTS = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
].join(", ");

type Answer = { status: number; headers: http.IncomingHttpHeaders; text: string };

/**
 * What the platform's own registry holds (OCI Distribution Specification 1.1). It listens on the loopback address without a certificate,
 * or on another one with its own. @param certificate PEM; "" where it has none
 */
export function createRegistryImages({ address, username, password }: RegistryAccess, certificate: string): RegistryImages {
  const [protocol, client] = certificate === "" ? ["http:", http] : ["https:", https];

  const ask = (method: string, path: string, allowed: number[]): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const options = {
        method,
        auth: `${username}:${password}`,
        headers: { accept: MANIFESTS },
        timeout: TIMEOUT_MS,
        ...(certificate ? { ca: certificate } : {}),
      };
      const request = client.request(`${protocol}//${address}${path}`, options, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const answer = { status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString() };
          if (allowed.includes(answer.status)) resolve(answer);
          else reject(new Error(`the registry answered ${answer.status} to ${method} ${path}: ${answer.text.slice(0, 200)}`));
        });
      });
      request.on("timeout", () => request.destroy(new Error(`the registry did not answer in ${TIMEOUT_MS / 1000} s`)));
      request.on("error", reject);
      request.end();
    });

  return {
    async repositories() {
      const all: string[] = [];
      for (let last = ""; ; ) {
        const { text } = await ask("GET", `/v2/_catalog?n=${PAGE}${last === "" ? "" : `&last=${encodeURIComponent(last)}`}`, [200]);
        const { repositories } = JSON.parse(text) as { repositories: string[] | null };
        all.push(...(repositories ?? []));
        last = repositories?.at(-1) ?? "";
        if (!repositories || repositories.length < PAGE) return all;
      }
    },
    async tags(repository) {
      const { status, text } = await ask("GET", `/v2/${repository}/tags/list`, [200, 404]);
      return status === 404 ? [] : ((JSON.parse(text) as { tags: string[] | null }).tags ?? []);
    },
    async digestOf(repository, tag) {
      const { status, headers } = await ask("HEAD", `/v2/${repository}/manifests/${tag}`, [200, 404]);
      return status === 404 ? null : String(headers["docker-content-digest"]);
    },
    async remove(repository, digest) {
      await ask("DELETE", `/v2/${repository}/manifests/${digest}`, [202, 404]);
    },
  };
}
