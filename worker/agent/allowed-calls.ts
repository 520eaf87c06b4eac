/** Whose agent this is: it touches nothing of another installation on the same engine. */
export type Owner = { home: string; registry: string };
/** What the engine is asked; null where the caller asks for anything else. */
export type AllowedCall = {
  method: string;
  /** Written anew from what was understood: nothing of the caller's own line reaches the engine. */
  path: string;
  /** Must be this installation's before the call is made, as the engine says. */
  subject: { kind: "images" | "containers"; reference: string } | null;
  /** Headers of the caller that the engine gets; no others. */
  headers: readonly string[];
  isUpgrade: boolean;
};

type Values = Record<string, { test(value: string): boolean }>;
type Rule = {
  method: string;
  path: RegExp;
  /** Parameters that there may be, each once, and what each must look like as a whole. */
  query?: Values;
  required?: readonly string[];
  /** What the caller does not choose: it stands in place of what was said. */
  fixed?: Record<string, string>;
  subject?: (found: RegExpExecArray, query: URLSearchParams) => NonNullable<AllowedCall["subject"]>;
  headers?: readonly string[];
  isUpgrade?: true;
};

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const IMAGE_ID = "sha256:[0-9a-f]{64}";
const FLAG = /^(0|1|true|false)$/;
const SECONDS = /^\d{1,12}(\.\d{1,9})?$/;
const BUILD_ID = new RegExp(`^${UUID}-\\d{1,4}(-plain)?$`);
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const whole = (...alternatives: string[]) => new RegExp(`^(?:${alternatives.join("|")})$`);

/** The calls that the platform makes of another node's engine: what builds, carries, cleans up and reads logs. Containers are neither made nor entered. */
function rulesOf({ home, registry }: Owner): Rule[] {
  const pushed = `${literally(registry)}/(?:${UUID}|dokploy-agent)`;
  const reference = [IMAGE_ID, `dokploy/${UUID}:${UUID}`, `${pushed}:[\\w.-]{1,128}`, `${pushed}@${IMAGE_ID}`].join("|");
  const ours = JSON.stringify({ label: [`dokploy.home=${home}`] });
  const image = (found: RegExpExecArray) => ({ kind: "images" as const, reference: found[1] ?? "" });
  return [
    { method: "POST", path: /^\/session$/, isUpgrade: true, headers: SESSION_HEADERS },
    {
      method: "POST",
      path: /^\/build$/,
      query: {
        version: /^2$/,
        remote: /^client-session$/,
        session: new RegExp(`^${UUID}$`),
        buildid: BUILD_ID,
        t: new RegExp(`^dokploy/${UUID}:${UUID}$`),
        dockerfile: /^[^\0]{1,4096}$/,
        buildargs: /^\{[\s\S]*\}$/,
        labels: { test: (value) => labelOf(value, "dokploy.home") === home },
        target: /^[\w.-]{1,128}$/,
        nocache: FLAG,
        rm: FLAG,
        forcerm: FLAG,
      },
      required: ["version", "remote", "session", "buildid", "t", "labels"],
    },
    { method: "POST", path: /^\/build\/cancel$/, query: { id: BUILD_ID }, required: ["id"] },
    { method: "POST", path: /^\/build\/prune$/, query: { all: FLAG, filters: /^\{"until":\{"\d{1,5}h":true\}\}$/, "keep-storage": /^\d{1,18}$/ } },
    { method: "GET", path: /^\/images\/json$/, query: { filters: /^\{[\s\S]*\}$/ }, fixed: { filters: ours } },
    {
      method: "POST",
      path: /^\/images\/prune$/,
      query: { filters: /^\{[\s\S]*\}$/ },
      fixed: { filters: JSON.stringify({ dangling: { true: true }, label: { [`dokploy.home=${home}`]: true } }) },
    },
    { method: "GET", path: new RegExp(`^/images/(${reference})/json$`), subject: image },
    {
      method: "POST",
      path: new RegExp(`^/images/(${reference})/tag$`),
      query: { repo: whole(pushed), tag: new RegExp(`^${UUID}$`) },
      required: ["repo", "tag"],
      subject: image,
    },
    {
      method: "POST",
      path: new RegExp(`^/images/(${pushed})/push$`),
      query: { tag: new RegExp(`^${UUID}$`) },
      required: ["tag"],
      subject: (found, query) => ({ kind: "images", reference: `${found[1]}:${query.get("tag")}` }),
      headers: ["x-registry-auth"],
    },
    { method: "DELETE", path: new RegExp(`^/images/(${reference})$`), query: { force: /^(0|false)$/ }, subject: image },
    {
      method: "GET",
      path: /^\/containers\/([0-9a-f]{64})\/logs$/,
      query: { follow: FLAG, stdout: FLAG, stderr: FLAG, timestamps: FLAG, since: SECONDS },
      subject: (found) => ({ kind: "containers", reference: found[1] ?? "" }),
    },
  ];
}

function labelOf(labels: string, name: string): unknown {
  try {
    return (JSON.parse(labels) as Record<string, unknown> | null)?.[name];
  } catch {
    return undefined;
  }
}

const SESSION_HEADERS = [
  "x-docker-expose-session-uuid",
  "x-docker-expose-session-name",
  "x-docker-expose-session-sharedkey",
  "x-docker-expose-session-grpc-method",
];

/**
 * Decides on calls by what is allowed, never by what is forbidden: method, path and every parameter must be one of ours as a whole, so
 * that an encoded, doubled or climbing path is simply not in the list.
 */
export function allowedCalls(owner: Owner): (method: string, target: string, isUpgrade: boolean) => AllowedCall | null {
  const rules = rulesOf(owner);
  return (method, target, isUpgrade) => {
    const mark = target.indexOf("?");
    const path = mark === -1 ? target : target.slice(0, mark);
    const query = new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1));
    for (const rule of rules) {
      const found = rule.method === method && (rule.isUpgrade ?? false) === isUpgrade ? rule.path.exec(path) : null;
      if (!found) continue;
      if (!isAsSaid(query, rule)) return null;
      for (const [name, value] of Object.entries(rule.fixed ?? {})) query.set(name, value);
      const subject = rule.subject?.(found, query) ?? null;
      const search = query.toString();
      return { method, path: search === "" ? path : `${path}?${search}`, subject, headers: rule.headers ?? [], isUpgrade };
    }
    return null;
  };
}

function isAsSaid(query: URLSearchParams, { query: allowed = {}, required = [] }: Rule): boolean {
  const names = [...query.keys()];
  if (new Set(names).size !== names.length || required.some((name) => !query.has(name))) return false;
  return [...query].every(([name, value]) => Object.hasOwn(allowed, name) && allowed[name]?.test(value));
}
