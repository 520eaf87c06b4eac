// @ts-check
/** What a home runs, as data: the supervisor reads it and keeps it so. */
import path from "node:path";
import { urlAs } from "./database.mjs";
import { digestOf, writeJson } from "./files.mjs";

/**
 * @typedef {{
 *   name: string, command: string, args: string[], env: Record<string, string>, cwd: string, uid?: number, gid?: number,
 *   stopSignal: NodeJS.Signals, graceMs: number, ready: import("./ready.mjs").Ready, upkeep?: { args: string[], everyMs: number },
 * }} ProcessPlan `upkeep`: the same program with other arguments, before the first start and from time to time, while the process itself does not run
 * @typedef {{ command: string, args: string[], env: Record<string, string>, cwd: string, input: string }} Once
 * @typedef {{
 *   home: string, privateEngine: boolean, services: ProcessPlan[], migrate: Once | null, processes: ProcessPlan[], facts: Facts,
 * }} Plan `services` are up before `migrate` runs; `processes` start after it
 * @typedef {{ port: number, edgePort: number, dockerHost: string, adminUrl: string, redisUrl: string, setup: Once | null, buildId: string, trustedRegistry?: string }} Facts
 */

/** OpenTelemetry's own variables: where traces of deployments go (opentelemetry.io, OTLP Exporter Configuration). */
const OTLP = ["ENDPOINT", "TRACES_ENDPOINT", "HEADERS", "TRACES_HEADERS", "CERTIFICATE", "TIMEOUT", "COMPRESSION"].map((name) => `OTEL_EXPORTER_OTLP_${name}`);

/** What every program of ours is given of the caller's environment. */
const PASSED_ON = [
  "PATH",
  "LANG",
  "LC_ALL",
  "TZ",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
];

/** @param {NodeJS.ProcessEnv} env @param {string[]} names @returns {Record<string, string>} those that are set */
const pick = (env, names) => Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));

/**
 * The environments of web and worker. Web is given nothing of the engine, the registry or the caller.
 * @param {{
 *   env: NodeJS.ProcessEnv, home: import("./home.mjs").Home, secrets: ReturnType<typeof import("./home.mjs").ensureSecrets>, app: string, port: number, edgePort: number, adminUrl: string,
 *   redisUrl: string, dockerHost: string, registry: { address: string, username: string, password: string, certificate?: string, process?: ProcessPlan | null }, edgeImage: string, probePort: number, pagesUrl: string,
 * }} given
 */
export function environments({ env, home, secrets, app, port, edgePort, adminUrl, redisUrl, dockerHost, registry, edgeImage, probePort, pagesUrl }) {
  const common = {
    ...pick(env, PASSED_ON),
    NODE_ENV: "production",
    // glibc gives each thread an arena of its own and returns little of them
    MALLOC_ARENA_MAX: "2",
    DOKPLOY_HOME_ID: home.id,
    DOKPLOY_PORT: String(port),
    DOKPLOY_LISTEN: env.DOKPLOY_LISTEN ?? "0.0.0.0",
    DOKPLOY_EDGE_PORT: String(edgePort),
    ...pick(env, ["DOKPLOY_PUBLIC_URL", "SMTP_URL", "MAIL_FROM"]),
    REDIS_URL: redisUrl,
    DOKPLOY_MASTER_KEY: secrets.masterKey,
    DOKPLOY_ALLOW_HOSTS: env.DOKPLOY_ALLOW_HOSTS ?? "",
    DOKPLOY_PUBLIC_DIR: path.join(app, "public"),
    DOKPLOY_LOCAL_REPOSITORIES: home.repositories,
    DOKPLOY_LOG_LEVEL: env.DOKPLOY_LOG_LEVEL ?? "info",
  };
  const roles = rolesOf(home.id, secrets);
  const web = { ...common, DATABASE_URL: urlAs(adminUrl, roles.web.name, roles.web.password) };
  const worker = {
    ...common,
    ...pick(env, [
      "HOME",
      "TMPDIR",
      "DOKPLOY_BUILD_SLOTS",
      "DOKPLOY_MOST_BUILDS",
      "DOKPLOY_BUILD_MEMORY_MIB",
      "DOKPLOY_BUILD_CPUS",
      "DOKPLOY_AGENT_PORT",
      "DOKPLOY_AGENT_SOCKET",
      "WORKER_ROLES",
      ...OTLP,
    ]),
    DATABASE_URL: urlAs(adminUrl, roles.worker.name, roles.worker.password),
    DOKPLOY_HOME: home.folder,
    DOCKER_HOST: dockerHost,
    REGISTRY: registry.address,
    REGISTRY_USERNAME: registry.username,
    REGISTRY_PASSWORD: registry.password,
    REGISTRY_OWN: registry.process ? "1" : "",
    REGISTRY_CERTIFICATE: Buffer.from(registry.certificate ?? "").toString("base64"),
    DOKPLOY_EDGE_IMAGE: edgeImage,
    DOKPLOY_PROBE_PORT: String(probePort),
    DOKPLOY_PAGES_URL: pagesUrl,
    DOKPLOY_WORKER_ID: `${home.id}-1`,
  };
  return { web, worker };
}

/** The database roles of this home. @param {string} homeId @param {{ databaseWeb: string, databaseWorker: string }} secrets */
export function rolesOf(homeId, secrets) {
  const name = (/** @type {string} */ part) => `dokploy_${homeId.replaceAll("-", "_")}_${part}`;
  return { web: { name: name("web"), password: secrets.databaseWeb }, worker: { name: name("worker"), password: secrets.databaseWorker } };
}

/** @param {string} file @param {Plan} plan @returns {string} its digest */
export function writePlan(file, plan) {
  writeJson(file, plan);
  return planDigest(plan);
}

/** @param {Plan} plan */
export const planDigest = (plan) => digestOf(JSON.stringify(plan)).slice(0, 16);
