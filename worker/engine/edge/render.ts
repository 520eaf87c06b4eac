import { parse, stringify } from "yaml";
import type { EdgeApp, EdgeRoute } from "../../ports";
import { matchRule, publicService, slotService, wrongInSplit } from "./split";

/** Names of what `base.yml` declares and the applications' files use. */
export const BASE = { retry: "dokploy-retry@file", pages: "dokploy-pages@file", transport: "dokploy@file", failing: "dokploy-failing@file" };
export const PROBE_HEADERS = { secret: "X-Dokploy-Probe", slot: "X-Dokploy-Slot", generation: "X-Dokploy-Generation" };
export const ENTRY_POINTS = { public: "web", probe: "probe" };

/** Where the edge's own pages are asked for, at the address given as `pages.url`. */
export const PAGE_PATHS = {
  unknown: "/edge-pages/404",
  stopped: "/edge-pages/503/stopped",
  never_deployed: "/edge-pages/503/never_deployed",
  replacing: "/edge-pages/503/replacing",
  failing: "/edge-pages/{status}",
};

const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const HOST = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
const PATH = /^\/(?:[A-Za-z0-9._~@:+,=&!$*;/-]|%[0-9A-Fa-f]{2})*$/;
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
const SERVICE = /^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/i;
const GENERATION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const SECRET = /^[A-Za-z0-9_-]{16,200}$/;

function must(isRight: boolean, what: string, value: unknown): void {
  if (!isRight) throw new TypeError(`not a valid ${what}: ${JSON.stringify(value)}`);
}
const isWeight = (weight: number) => Number.isInteger(weight) && weight >= 0 && weight <= 1_000_000;
const isPort = (port: number) => Number.isInteger(port) && port > 0 && port < 65_536;

/** @throws TypeError for a host name or path that is not strictly one: they end up in Traefik's rule language. */
export function checkRoute({ host, path }: EdgeRoute): void {
  must(host.length <= 253 && HOST.test(host), "host name", host);
  must(path.length <= 1024 && PATH.test(path) && !path.includes("//") && !path.split("/").some((part) => part === "." || part === ".."), "path", path);
}

/** @throws TypeError for the first value that may not go into the edge's configuration. */
export function checkApp(app: EdgeApp): void {
  must(IDENTIFIER.test(app.appId), "application id", app.appId);
  must(GENERATION.test(app.generation), "generation", app.generation);
  must(Number.isSafeInteger(app.epoch) && app.epoch >= 0, "epoch", app.epoch);
  for (const slot of [app.slots.a, app.slots.b]) {
    must(SERVICE.test(slot.service), "service name", slot.service);
    must(isPort(slot.port), "port", slot.port);
    must(isWeight(slot.weight), "weight", slot.weight);
  }
  for (const route of app.routes) checkRoute(route);
  const wrong = app.split === null ? null : wrongInSplit(app.split);
  if (wrong) must(false, wrong.what, wrong.value);
}

/** @throws TypeError unless it is at least 16 letters, digits, `_` or `-` */
export const checkSecret = (secret: string): void => must(SECRET.test(secret), "probe secret", "(hidden)");

const trimmed = (path: string) => (path.length > 1 ? path.replace(/\/+$/, "") || "/" : path);

/** A route's rule. `/shop` takes `/shop` and what lies below it, and not `/shopping`. */
export function routeRule({ host, path }: EdgeRoute): string {
  const below = trimmed(path);
  return below === "/" ? `Host(\`${host}\`)` : `Host(\`${host}\`) && (Path(\`${below}\`) || PathPrefix(\`${below}/\`))`;
}

const secretRule = (secret: string) => `Header(\`${PROBE_HEADERS.secret}\`, \`${secret}\`)`;
/** What the probe's slot header carries. */
export const probeTarget = (appId: string, target: "a" | "b" | "generation") => `${appId}/${target}`;

/** Longest path first, on a path the requests that match a split; the edge's catch-all has priority 1. */
function publicRouters(app: EdgeApp, service: string, middlewares: string[], isServing: boolean) {
  const match = isServing && app.split ? matchRule(app.split) : null;
  const entryPoints = [ENTRY_POINTS.public];
  const rest = middlewares.length > 0 ? { middlewares } : {};
  return app.routes.flatMap((route, index) => {
    const rule = routeRule(route);
    const priority = 1000 + 2 * trimmed(route.path).length;
    const plain = [`app-${app.appId}-${index}`, { entryPoints, rule, priority, service, ...rest }];
    if (match === null || app.split === null) return [plain];
    const trial = { entryPoints, rule: `${rule} && (${match})`, priority: priority + 1, service: slotService(app.appId, app.split.slot), ...rest };
    return [plain, [`app-${app.appId}-${index}-trial`, trial]];
  });
}

function probeRouters(app: EdgeApp, secret: string) {
  const rule = (target: "a" | "b" | "generation") => `${secretRule(secret)} && Header(\`${PROBE_HEADERS.slot}\`, \`${probeTarget(app.appId, target)}\`)`;
  const slots = (["a", "b"] as const).map((slot) => [
    `probe-${app.appId}-${slot}`,
    { entryPoints: [ENTRY_POINTS.probe], rule: rule(slot), priority: 100, service: slotService(app.appId, slot), middlewares: [`probe-${app.appId}-host`] },
  ]);
  const generation = {
    entryPoints: [ENTRY_POINTS.probe],
    rule: rule("generation"),
    priority: 100,
    service: "ping@internal",
    middlewares: [`generation-${app.appId}`],
  };
  return [...slots, [`generation-${app.appId}`, generation]];
}

/**
 * While requests are copied none is sent again: a copy that finds nobody would tell the middleware of the request itself to try again, whose
 * answer is then cut off or doubled (Traefik 3.6, traefik/traefik#12988).
 */
const retries = ({ split }: EdgeApp): boolean => split?.kind !== "mirror";

/**
 * The edge's configuration of one application: two slots behind one weighted service, a router for each route, and on the internal entry
 * point one router for each slot and one that echoes the generation, all of which demand the secret. Traefik loads a file as a whole, so
 * the generation changes exactly when the weights do.
 * @param options.hasPages whether `base.yml` declares the service for the edge's own pages
 * @throws TypeError for a value that may not go in
 */
export function renderApp(app: EdgeApp, options: { probeSecret: string; hasPages: boolean }): string {
  checkApp(app);
  checkSecret(options.probeSecret);
  const { appId } = app;
  const isServing = app.unavailable === null && app.slots.a.weight + app.slots.b.weight > 0;
  const page = `page-${appId}`;
  const showsPage = !isServing && options.hasPages;
  const service = isServing ? `app-${appId}` : options.hasPages ? BASE.pages : `app-${appId}-nothing`;
  const routing = isServing ? [...(options.hasPages ? [BASE.failing] : []), ...(retries(app) ? [BASE.retry] : [])] : showsPage ? [page] : [];
  const host = app.routes[0]?.host;
  const slotServices = (["a", "b"] as const).map((slot) => {
    const { service: name, port } = app.slots[slot];
    return [slotService(appId, slot), { loadBalancer: { servers: [{ url: `http://${name}:${port}` }], serversTransport: BASE.transport } }];
  });
  const removed = { [PROBE_HEADERS.secret]: "", [PROBE_HEADERS.slot]: "" };
  const document = {
    http: {
      routers: Object.fromEntries([...publicRouters(app, service, routing, isServing), ...probeRouters(app, options.probeSecret)]),
      services: {
        ...Object.fromEntries(slotServices),
        ...(isServing ? { [`app-${appId}`]: publicService(app) } : {}),
        ...(isServing || options.hasPages ? {} : { [`app-${appId}-nothing`]: { loadBalancer: { servers: [] } } }),
      },
      middlewares: {
        [`generation-${appId}`]: { headers: { customResponseHeaders: { [PROBE_HEADERS.generation]: app.generation } } },
        // the application sees the host that its users see, and never the secret
        [`probe-${appId}-host`]: { headers: { customRequestHeaders: { ...removed, ...(host ? { Host: host } : {}) } } },
        ...(showsPage ? { [page]: { replacePath: { path: PAGE_PATHS[app.unavailable ?? "stopped"] } } } : {}),
      },
    },
  };
  return `# dokploy epoch=${app.epoch} generation=${app.generation}\n${toYaml(document)}`;
}

/** Every text is quoted, so that no value can become structure. Values hold no braces: Traefik runs files through Go's templates. */
const toYaml = (document: object) => stringify(document, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 });

const PAGES_URL = /^http:\/\/[A-Za-z0-9._-]+(:\d{1,5})?$/;

/** What all applications share: transport, retries, the edge's own pages, the metrics' router. */
export function renderBase({ probeSecret, pagesUrl }: { probeSecret: string; pagesUrl: string | null }): string {
  checkSecret(probeSecret);
  if (pagesUrl !== null) must(PAGES_URL.test(pagesUrl), "address of the pages", pagesUrl);
  const pages = "dokploy-pages";
  const document = {
    http: {
      routers: {
        "dokploy-metrics": {
          entryPoints: [ENTRY_POINTS.probe],
          rule: `${secretRule(probeSecret)} && Path(\`/metrics\`)`,
          priority: 50,
          service: "prometheus@internal",
        },
        "dokploy-ready": { entryPoints: [ENTRY_POINTS.probe], rule: `${secretRule(probeSecret)} && Path(\`/ready\`)`, priority: 50, service: "ping@internal" },
        ...(pagesUrl === null
          ? {}
          : {
              "dokploy-unknown": { entryPoints: [ENTRY_POINTS.public], rule: "PathPrefix(`/`)", priority: 1, service: pages, middlewares: ["dokploy-unknown"] },
            }),
      },
      ...(pagesUrl === null ? {} : { services: { [pages]: { loadBalancer: { servers: [{ url: pagesUrl }], serversTransport: "dokploy" } } } }),
      middlewares: {
        // only a request that no task has seen yet is sent again: Traefik stops retrying once the head was written
        "dokploy-retry": { retry: { attempts: 4, initialInterval: "100ms" } },
        ...(pagesUrl === null
          ? {}
          : {
              // 503 is left alone: applications answer it on purpose
              "dokploy-failing": { errors: { status: ["502", "504"], service: pages, query: PAGE_PATHS.failing } },
              "dokploy-unknown": { replacePath: { path: PAGE_PATHS.unknown } },
            }),
      },
      serversTransports: {
        // idle connections close before common servers close theirs (Node: 5 s), so that no request meets a connection that is just ending
        dokploy: { maxIdleConnsPerHost: 64, forwardingTimeouts: { dialTimeout: "1s", idleConnTimeout: "3s" } },
      },
    },
  };
  return `# dokploy base\n${toYaml(document)}`;
}

/** The epoch and generation in a rendered file's first line; null for a file that was not rendered here. */
export function readMark(text: string): { epoch: number; generation: string } | null {
  const match = /^# dokploy epoch=(\d+) generation=(\S+)\n/.exec(text);
  return match?.[1] && match[2] ? { epoch: Number(match[1]), generation: match[2] } : null;
}

/** Reads back from a rendered file where a slot's tasks are. */
export function readSlotTarget(text: string, appId: string, slot: "a" | "b"): { service: string; port: number } | null {
  type Rendered = { http?: { services?: Record<string, { loadBalancer?: { servers?: { url?: string }[] } }> } };
  const url = (parse(text) as Rendered).http?.services?.[slotService(appId, slot)]?.loadBalancer?.servers?.[0]?.url;
  const match = /^http:\/\/([^:/]+):(\d+)$/.exec(url ?? "");
  return match?.[1] && match[2] ? { service: match[1], port: Number(match[2]) } : null;
}
