// @ts-check
/** What the browser is sent must hold nothing of the server. */
import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

/** Words that survive minification: messages, keys and module names of packages that only the server has. */
const TRACES = {
  postgres: "CONNECTION_DESTROYED",
  "drizzle-orm": "drizzle:entityKind",
  ioredis: "maxRetriesPerRequest",
  bullmq: "stalledInterval",
  dockerode: "docker.sock",
  pino: "pino.serializers",
  lucia: "auth_session",
  argon2: "argon2id",
  express: "x-powered-by",
  "node:crypto": "node:crypto",
  "server/env": "DOKPLOY_MASTER_KEY",
  "worker/env": "DOCKER_HOST",
};

/**
 * @param {string} folder the built assets
 * @returns {string | null} what was found where, or null
 */
export function findTraces(folder) {
  if (!fs.existsSync(folder)) return `${folder} is not there: the pages were not built`;
  const found = [];
  for (const name of fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"))) {
    const text = fs.readFileSync(path.join(folder, name), "utf8");
    for (const [what, trace] of Object.entries(TRACES)) if (text.includes(trace)) found.push(`${name}: ${what} (${trace})`);
  }
  return found.length > 0 ? found.join("\n") : null;
}

/** @typedef {{ id: string, parentId?: string, module: string, imports?: string[] }} RouteFiles */

/**
 * The pages whose first load is heavier than they may be, each with its weight. Charts are drawn by a large library: their pages are not counted.
 * @param {string} folder the built assets
 * @param {number} limit in bytes, compressed
 * @returns {string | null}
 */
export function findHeavyPages(folder, limit) {
  const name = fs.existsSync(folder) ? fs.readdirSync(folder).find((file) => /^manifest-.*\.js$/.test(file)) : undefined;
  if (!name) return `${folder} has no manifest: the pages were not built`;
  const text = fs.readFileSync(path.join(folder, name), "utf8");
  /** @type {{ entry: RouteFiles, routes: Record<string, RouteFiles> }} */
  const { entry, routes } = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  const read = (/** @type {string} */ address) => fs.readFileSync(path.join(folder, path.relative("/build", address)));
  const heavy = [];
  for (const route of Object.values(routes)) {
    const files = new Set([entry.module, ...(entry.imports ?? [])]);
    for (let at = /** @type {RouteFiles | undefined} */ (route); at; at = at.parentId ? routes[at.parentId] : undefined)
      for (const file of [at.module, ...(at.imports ?? [])]) files.add(file);
    const bodies = [...files].map(read);
    const weight = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
    if (weight > limit && !bodies.some((body) => body.includes("recharts"))) heavy.push(`${route.id}: ${Math.round(weight / 1024)} KiB`);
  }
  return heavy.length > 0 ? heavy.join("\n") : null;
}
