// @ts-check
import { randomInt } from "node:crypto";
import net from "node:net";
import { readText } from "./processes.mjs";

/**
 * @param {number} port
 * @param {string} [host]
 * @returns {Promise<string | null>} null when it can be listened on, else the system's error code
 */
export function whyPortIsTaken(port, host = "0.0.0.0") {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error) => resolve(/** @type {NodeJS.ErrnoException} */ (error).code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

const LOWEST = 15_000;
/** Where the kernel's ports of outgoing connections begin (ip_local_port_range): one of those may be taken between the look and the use. */
const lowestOutgoing = () => Number(/^\d+/.exec(readText("/proc/sys/net/ipv4/ip_local_port_range") ?? "")?.[0] ?? 32_768);

/** @returns {Promise<number>} a port that is free now, on all addresses */
export async function freePort() {
  const range = Math.max(1_000, lowestOutgoing() - LOWEST);
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = LOWEST + randomInt(range);
    if ((await whyPortIsTaken(port)) === null) return port;
  }
  throw new Error(`no port from ${LOWEST} to ${LOWEST + range} is free`);
}

/**
 * A port that is kept over restarts: the known one while it is free, else another.
 * @param {number | undefined} known
 */
export async function keepPort(known) {
  return known && (await whyPortIsTaken(known, "127.0.0.1")) === null ? known : freePort();
}
