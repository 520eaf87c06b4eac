// @ts-check
/** Whether a process answers its own protocol: an open port is not enough. No packages. */
import http from "node:http";
import https from "node:https";
import net from "node:net";

/** @typedef {{ kind: "postgresql", port: number } | { kind: "redis", port: number } | { kind: "http", port: number, path: string, status: number } | { kind: "https", host: string, port: number, path: string, status: number, ca: string } | { kind: "none" }} Ready */

const PATIENCE_MS = 1_000;

/**
 * @param {Ready} ready
 * @returns {Promise<boolean>}
 */
export function answers(ready) {
  if (ready.kind === "none") return Promise.resolve(true);
  if (ready.kind === "https") return httpsStatus(ready).then((status) => status === ready.status);
  if (ready.kind === "http") return httpStatus(ready.port, ready.path).then((status) => status === ready.status);
  // PostgreSQL, Frontend/Backend Protocol: a StartupMessage is answered with R (authentication) once the server takes connections, with E before.
  if (ready.kind === "postgresql") return firstBytes(ready.port, startupMessage("dokploy")).then((text) => text.startsWith("R"));
  return firstBytes(ready.port, "PING\r\n").then((text) => text.startsWith("+PONG") || text.startsWith("-NOAUTH"));
}

/** @param {string} user */
export function startupMessage(user) {
  const body = Buffer.from(`user\0${user}\0database\0${user}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(196_608, 4); // protocol 3.0
  return Buffer.concat([head, body]);
}

/** @param {number} port @param {string | Buffer} question @returns {Promise<string>} empty when nothing answers */
function firstBytes(port, question) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: "127.0.0.1" }, () => socket.write(question));
    const end = (/** @type {string} */ text) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(PATIENCE_MS, () => end(""));
    socket.once("data", (data) => end(data.toString("latin1")));
    socket.once("error", () => end(""));
    socket.once("close", () => end(""));
  });
}

/**
 * @param {number} port
 * @param {string} path
 * @param {string} [host] the Host header
 * @returns {Promise<number>} 0 when nothing answers
 */
export function httpStatus(port, path, host) {
  return new Promise((resolve) => {
    const request = http.get({ port, host: "127.0.0.1", path, headers: host ? { host } : {}, agent: false, timeout: PATIENCE_MS * 2 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(0));
  });
}

/** @param {{ host: string, port: number, path: string, ca: string }} place @returns {Promise<number>} 0 when nothing answers with that certificate */
function httpsStatus({ host, port, path, ca }) {
  return new Promise((resolve) => {
    const request = https.get({ host, port, path, ca, agent: false, timeout: PATIENCE_MS * 2 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(0));
  });
}
