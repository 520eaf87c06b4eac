import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { fromIso, type Micros } from "../../db/schema/columns";
import type { Provider } from "../apps/view";

export type Headers = Record<string, string | string[] | undefined>;
const header = (headers: Headers, name: string) => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/**
 * Whether the request was signed with the application's secret, compared in constant time. GitHub, Gitea, Bitbucket and the
 * generic form sign the raw body (HMAC-SHA-256); GitLab sends the secret itself.
 */
export function isSigned(provider: Provider, headers: Headers, body: Buffer, secret: string): boolean {
  if (provider === "gitlab") return equal(header(headers, "x-gitlab-token") ?? "", secret);
  const digest = createHmac("sha256", secret).update(body).digest("hex");
  const given =
    provider === "gitea"
      ? (header(headers, "x-gitea-signature") ?? header(headers, "x-forgejo-signature") ?? header(headers, "x-hub-signature-256"))
      : (header(headers, "x-hub-signature-256") ?? header(headers, "x-hub-signature"));
  return equal((given ?? "").replace(/^sha256=/, "").toLowerCase(), digest);
}

function equal(given: string, wanted: string): boolean {
  const a = createHash("sha256").update(given).digest();
  const b = createHash("sha256").update(wanted).digest();
  return timingSafeEqual(a, b) && given.length === wanted.length;
}

/** What tells a repeated delivery: the provider's id, else the body's hash; null where every call counts (generic). */
export function deliveryKey(provider: Provider, headers: Headers, body: Buffer): string | null {
  const names = {
    github: "x-github-delivery",
    gitlab: "x-gitlab-event-uuid",
    gitea: "x-gitea-delivery",
    bitbucket: "x-request-uuid",
    generic: "x-delivery-id",
  } as const;
  const id = header(headers, names[provider]) ?? (provider === "gitea" ? header(headers, "x-github-delivery") : undefined);
  if (id) return id.slice(0, 200);
  return provider === "generic" ? null : createHash("sha256").update(body).digest("hex");
}

export type Push = {
  branch: string | null;
  tag: string | null;
  deleted: boolean;
  sha: string | null;
  message: string;
  pushedAt: Micros | null;
  /** The files that the push says it changes; null where it does not say, or not all. */
  changed: string[] | null;
};
export type Delivery = { kind: "push"; push: Push } | { kind: "ignored"; reason: string };

/** The provider's own name for what happened, at most 100 characters; null when the request names none. */
export function eventOf(headers: Headers): string | null {
  const name = header(headers, "x-github-event") ?? header(headers, "x-gitea-event") ?? header(headers, "x-gitlab-event") ?? header(headers, "x-event-key");
  return name?.slice(0, 100) ?? null;
}

/** The JSON that a request carries. GitHub can also send `application/x-www-form-urlencoded` with the JSON in `payload`. */
export function carriedBody(headers: Headers, body: Buffer): Buffer {
  const isForm = (header(headers, "content-type") ?? "").startsWith("application/x-www-form-urlencoded");
  return isForm ? Buffer.from(new URLSearchParams(body.toString("utf8")).get("payload") ?? "") : body;
}

/**
 * The push that a delivery tells of, or why it tells of none.
 * @param event as `eventOf` answers; none counts as a push @param body parsed JSON
 */
export function readDelivery(provider: Provider, event: string | null, body: unknown): Delivery {
  if (provider === "generic") return { kind: "push", push: { branch: null, tag: null, deleted: false, sha: null, message: "", pushedAt: null, changed: null } };
  if (event === "ping") return { kind: "ignored", reason: "ping" };
  if (event !== null && !/^(push|Push Hook|Tag Push Hook|repo:push|System Hook)$/.test(event))
    return { kind: "ignored", reason: `event ${event.slice(0, 60)}` };
  return { kind: "push", push: provider === "bitbucket" ? readBitbucket(body) : readRefPush(body) };
}

/** GitHub, GitLab and Gitea: `ref`, `after`, `head_commit`, `repository.pushed_at`. */
function readRefPush(body: unknown): Push {
  const push = record(body);
  const ref = text(push.ref);
  const after = text(push.after);
  const commits = Array.isArray(push.commits) ? push.commits : [];
  const head = record(push.head_commit ?? commits.at(-1));
  return {
    branch: ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : null,
    tag: ref.startsWith("refs/tags/") ? ref.slice("refs/tags/".length) : null,
    deleted: push.deleted === true || /^0+$/.test(after),
    sha: /^[0-9a-f]{40,64}$/.test(after) ? after : null,
    message: text(head.message),
    pushedAt: instantOf(record(push.repository).pushed_at),
    changed: changedFiles(push, commits),
  };
}

/** Bitbucket: `push.changes[].new`. */
function readBitbucket(body: unknown): Push {
  const changes = record(record(body).push).changes;
  const change = record(Array.isArray(changes) ? changes.at(-1) : null);
  const target = record(change.new);
  const commit = record(target.target);
  const name = text(target.name) || null;
  return {
    branch: target.type === "branch" ? name : null,
    tag: target.type === "tag" ? name : null,
    deleted: change.new === null,
    sha: text(commit.hash) || null,
    message: text(commit.message),
    pushedAt: null,
    changed: null,
  };
}

/** What the listed commits change, where all of the push is listed: a new branch and a long push are not. */
function changedFiles(push: Record<string, unknown>, commits: readonly unknown[]): string[] | null {
  const total = typeof push.total_commits_count === "number" ? push.total_commits_count : commits.length;
  if (commits.length === 0 || total > commits.length || /^0*$/.test(text(push.before)) || push.forced === true) return null;
  const files = new Set<string>();
  for (const commit of commits) {
    const { added, modified, removed } = record(commit);
    for (const list of [added, modified, removed]) {
      if (!Array.isArray(list)) return null;
      for (const file of list) if (typeof file === "string") files.add(file);
    }
  }
  return [...files];
}

/** Whether one of the files is a watched one, or below a watched folder. Without a watched path all of them are. */
export const touches = (files: readonly string[], watched: readonly string[]): boolean =>
  watched.length === 0 || files.some((file) => watched.some((path) => file === path || file.startsWith(`${path}/`)));

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** GitHub sends seconds since the epoch in pushes, ISO text elsewhere. */
function instantOf(value: unknown): Micros | null {
  if (typeof value === "number" && value > 0 && value < 1e11) return Math.round(value * 1e6);
  if (typeof value !== "string" || value === "") return null;
  try {
    return fromIso(value);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
