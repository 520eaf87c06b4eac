import { createHmac } from "node:crypto";
import { lookup } from "node:dns";
import http from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { AppError } from "../errors";
import { type AllowHosts, parseAllowHosts } from "../git-hosts";
import type { Notice, NoticeAnswer } from "./schema";

const TIMEOUT_MS = 10_000;
const KEPT_CHARACTERS = 200;

export const signatureOf = (body: string, secret: string): string => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
const bareHost = (url: URL) => url.hostname.replace(/^\[|\]$/g, "");

/** Refuses, before it is stored, an address that may never be called. @throws AppError `bad_request` */
export function refuseAddress(allowHosts: string, address: string): void {
  const url = new URL(address);
  const allow = parseAllowHosts(allowHosts);
  const host = bareHost(url);
  if (url.username || url.password)
    throw new AppError("bad_request", { what: "Put no password into the address.", fix: "The signature tells the receiver that the notice is ours." });
  if (url.protocol === "http:" && !allow.lists(host))
    throw new AppError("bad_request", {
      what: "Plain http is not used for notices.",
      why: "Anybody on the way could read and change them.",
      fix: `Use https, or list ${host} in DOKPLOY_ALLOW_HOSTS.`,
    });
  const literal = isIP(host) ? [host] : host === "localhost" || host.endsWith(".localhost") ? ["127.0.0.1"] : [];
  const why = allow.refusal(host, literal);
  if (why)
    throw new AppError("bad_request", { what: "This host may not be reached.", why, fix: "Add it to DOKPLOY_ALLOW_HOSTS and start again, if it is yours." });
}

/** The connection goes to the address that was looked at: a name cannot lead elsewhere between the look and the call. */
const checkedLookup =
  (allow: AllowHosts): LookupFunction =>
  (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const addresses = error ? [] : found;
      const why = allow.refusal(
        host,
        addresses.map((one) => one.address),
      );
      const [first] = addresses;
      if (error || why || !first) callback(error ?? new Error(why ?? `${host} has no address.`), "", 0);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

/** One call, without redirects; any answer below 300 is an acceptance. Never throws: what went wrong is the answer. */
export function sendWebhook(allowHosts: string, to: { address: string; secret: string }, notice: Notice): Promise<NoticeAnswer> {
  const body = JSON.stringify(notice);
  const failed = (answer: string): NoticeAnswer => ({ isAccepted: false, status: null, answer });
  try {
    refuseAddress(allowHosts, to.address);
  } catch (error) {
    return Promise.resolve(failed(error instanceof AppError ? [error.explanation.what, error.explanation.why].filter(Boolean).join(" ") : String(error)));
  }
  return new Promise((resolve) => {
    const request = (to.address.startsWith("https:") ? https : http).request(
      to.address,
      {
        method: "POST",
        lookup: checkedLookup(parseAllowHosts(allowHosts)),
        signal: AbortSignal.timeout(TIMEOUT_MS),
        agent: false,
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "user-agent": "Dokploy",
          "idempotency-key": notice.deployment.id,
          "x-dokploy-event": notice.event,
          "x-dokploy-signature-256": signatureOf(body, to.secret),
        },
      },
      (response) => {
        let said = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          said += said.length < KEPT_CHARACTERS ? part : "";
        });
        response.on("error", (error) => resolve(failed(error.message)));
        response.on("end", () => {
          const status = response.statusCode ?? 0;
          const words = said.replace(/\s+/g, " ").trim().slice(0, KEPT_CHARACTERS);
          resolve({ isAccepted: status >= 200 && status < 300, status, answer: words ? `${status}: ${words}` : String(status) });
        });
      },
    );
    request.on("error", (error) =>
      resolve(failed(error.name === "AbortError" || error.name === "TimeoutError" ? `no answer in ${TIMEOUT_MS / 1000} s` : error.message)),
    );
    request.end(body);
  });
}
