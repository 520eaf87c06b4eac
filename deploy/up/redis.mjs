// @ts-check
/** Redis: the one that is given, else a private instance. It holds nothing that may not be lost. */
import fs from "node:fs";
import path from "node:path";
import { findProgram } from "./files.mjs";
import { installPackages } from "./packages.mjs";
import { ensureOwnFolder, ensureUser } from "./users.mjs";

export const REDIS_PACKAGE = { program: "redis-server", packages: ["redis-server"], purpose: "carries work and live bytes" };
export const redisProgram = () => findProgram("redis-server") ?? findProgram("valkey-server");

/**
 * @param {import("./home.mjs").Home} home
 * @param {{ password: string, port: number }} access
 * @returns {Promise<{ url: string, process: import("./plan.mjs").ProcessPlan }>}
 */
export async function ensureRedis(home, { password, port }) {
  if (!redisProgram()) await installPackages([REDIS_PACKAGE]);
  const user = await ensureUser("dokploy-db");
  const folder = path.join(home.data, "redis");
  ensureOwnFolder(folder, user);
  const config = path.join(folder, "redis.conf");
  const lines = [
    "bind 127.0.0.1",
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${folder}`,
    'save ""',
    "appendonly no",
    "maxmemory-policy noeviction",
    "daemonize no",
    "databases 16",
    "loglevel warning",
  ];
  fs.writeFileSync(config, `${lines.join("\n")}\n`, { mode: 0o600 });
  if (user) fs.chownSync(config, user.uid, user.gid);
  return {
    url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    process: {
      name: "redis",
      command: /** @type {string} */ (redisProgram()),
      args: [config],
      env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" },
      cwd: "/",
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
      stopSignal: "SIGTERM",
      graceMs: 5_000,
      ready: { kind: "redis", port },
    },
  };
}
