// @ts-check
import net from "node:net";

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

/** @returns {Promise<number>} a port of the loopback address that is free now */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port was given"))));
    });
  });
}

/**
 * A port that is kept over restarts: the known one while it is free, else another.
 * @param {number | undefined} known
 */
export async function keepPort(known) {
  return known && (await whyPortIsTaken(known, "127.0.0.1")) === null ? known : freePort();
}
