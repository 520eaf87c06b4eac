/**
 * The few calls of the Engine API that starting an engine and loading images need.
 * Plain Node, no packages: it runs before anything is installed.
 */
import http from "node:http";

/** @param {string} dockerHost `unix:///path` or `tcp://host:port` */
const target = (dockerHost) => {
  const url = new URL(dockerHost);
  return url.protocol === "unix:" ? { socketPath: decodeURIComponent(url.pathname) } : { host: url.hostname, port: Number(url.port || 2375) };
};

/**
 * One request to the engine.
 * @param {string} dockerHost `unix:///path` or `tcp://host:port`
 * @param {string} method
 * @param {string} path with query
 * @param {{ body?: unknown, stream?: import("node:stream").Readable, timeoutMs?: number }} [options] `body` goes as JSON, `stream` as a tar
 * @returns {Promise<{ status: number, text: string, json: any }>}
 */
export function engineRequest(dockerHost, method, path, { body, stream, timeoutMs = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = payload ? { "content-type": "application/json", "content-length": payload.length } : stream ? { "content-type": "application/x-tar" } : {};
    const request = http.request({ ...target(dockerHost), method, path, headers, agent: false }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        let json = null;
        try {
          json = JSON.parse(text);
        } catch {
          json = null; // not every answer is one JSON document (progress streams are many)
        }
        resolve({ status: response.statusCode ?? 0, text, json });
      });
    });
    request.on("error", reject);
    if (timeoutMs > 0) request.setTimeout(timeoutMs, () => request.destroy(new Error(`the engine did not answer within ${timeoutMs} ms`)));
    if (stream) {
      stream.on("error", (error) => request.destroy(error));
      stream.pipe(request);
    } else request.end(payload);
  });
}

/**
 * Asks `GET /_ping`.
 * @param {string} dockerHost
 * @param {number} [timeoutMs]
 * @returns {Promise<boolean>} whether an engine answers
 */
export async function engineAnswers(dockerHost, timeoutMs = 2000) {
  try {
    return (await engineRequest(dockerHost, "GET", "/_ping", { timeoutMs })).status === 200;
  } catch {
    return false; // nothing listens there, which is the answer
  }
}
