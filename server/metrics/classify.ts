import type { Micros } from "../../db/schema/columns";
import type { CommitFact, DeploymentFact, Facts, Failure, IncidentFact, LiveDeployment, Remedy } from "./facts";

const COUNTED = new Set(["code", "config", "promote"]);
/** Kinds that a change fail rate is of: rollbacks and redeploys bring no change. */
export const isChange = ({ actualKind }: Pick<LiveDeployment, "actualKind">): boolean => COUNTED.has(actualKind);

/**
 * Live deployments of each application and environment, in the order in which they went live, each with its actual kind, its commit
 * set, and whether it failed and was made good. Source: value-streams.md, Deployment facts.
 * @param asOf nothing later is known
 */
export function classify({ deployments, commits, incidents }: Facts, asOf: Micros): LiveDeployment[] {
  const history = new History(commits);
  const places = new Map<string, DeploymentFact[]>();
  for (const one of deployments) {
    if (one.liveAt === null || one.liveAt > asOf) continue;
    const place = `${one.appId} ${one.environmentId}`;
    const list = places.get(place);
    if (list) list.push(one);
    else places.set(place, [one]);
  }
  const live = [...places.values()].flatMap((list) => classifyPlace(list, history));
  judge(live, deployments, incidents, asOf);
  return live.map(({ blames, identity, ...one }) => one);
}

type Draft = LiveDeployment & { identity: string; blames: Draft | null };

const inOrder = (a: DeploymentFact, b: DeploymentFact) => (a.liveAt ?? 0) - (b.liveAt ?? 0) || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);

function classifyPlace(list: DeploymentFact[], history: History): Draft[] {
  const drafts: Draft[] = [];
  const byId = new Map<string, Draft>();
  const bySha = new Map<string, Draft[]>();
  const seen = new Set<string>();
  for (const one of list.sort(inOrder)) {
    const before = drafts.at(-1);
    const restored = restoredBy(one, before, byId, bySha, history);
    const isSame = restored !== null && before !== undefined && restored.identity === before.identity;
    const actualKind = one.kind === "rollback" || one.kind === "code" ? (restored === null ? one.kind : isSame ? "redeploy" : "rollback") : one.kind;
    const set = actualKind === "rollback" ? (one.commits ?? []) : (one.commits ?? history.between(one.appId, before?.sha ?? null, one.sha));
    const draft: Draft = {
      ...one,
      liveAt: one.liveAt as Micros,
      actualKind,
      isFirst: before === undefined,
      set,
      alreadyLive: new Set(set.filter((sha) => seen.has(sha))),
      failure: null,
      remediedAt: null,
      remediedBy: null,
      isRemedy: actualKind === "rollback" || one.remediates !== null,
      identity: restored?.identity ?? one.id,
      blames: null,
    };
    if (actualKind === "rollback" && restored) draft.blames = firstAfterLast(drafts, restored.identity);
    for (const sha of set) seen.add(sha);
    if (one.sha) {
      seen.add(one.sha);
      const same = bySha.get(one.sha);
      if (same) same.push(draft);
      else bySha.set(one.sha, [draft]);
    }
    drafts.push(draft);
    byId.set(one.id, draft);
  }
  return drafts;
}

/** Which earlier live deployment's release this one is again; null when it is a new one. */
function restoredBy(
  one: DeploymentFact,
  before: Draft | undefined,
  byId: ReadonlyMap<string, Draft>,
  bySha: ReadonlyMap<string, Draft[]>,
  history: History,
): Draft | null {
  if (one.restores !== null) return byId.get(one.restores) ?? null;
  if (one.sha === null || (one.kind !== "code" && one.kind !== "rollback")) return null;
  if (one.kind === "code" && before?.sha === one.sha) return before;
  const found = bySha.get(one.sha)?.findLast((earlier) => earlier.identity !== before?.identity) ?? null;
  // going back to a commit that is no ancestor of what is live is another line of development, not a rollback
  if (one.kind === "code" && found && before?.sha && history.isAncestor(one.appId, one.sha, before.sha) === false) return null;
  return found;
}

/** The first change that went live after the last time a release was. */
function firstAfterLast(drafts: Draft[], identity: string): Draft | null {
  const last = drafts.findLastIndex((earlier) => earlier.identity === identity);
  return drafts.slice(last + 1).find(isChange) ?? null;
}

function judge(live: Draft[], all: readonly DeploymentFact[], incidents: readonly IncidentFact[], asOf: Micros): void {
  const byId = new Map(live.map((one) => [one.id, one]));
  const remedies = new Map<string, Remedy[]>();
  const reasons = new Map<string, Failure>();
  const add = (id: string, failure: Failure) => {
    if (!reasons.has(id)) reasons.set(id, failure);
  };
  const addRemedy = (id: string, by: Draft | undefined) => {
    const failed = byId.get(id);
    if (by && failed && by.liveAt >= failed.liveAt && by.id !== id) remedies.set(id, [...(remedies.get(id) ?? []), { at: by.liveAt, by: by.id }]);
  };
  for (const one of live) if (one.failed && one.mark === null) add(one.id, { reason: one.failedReason ?? "It failed after it went live.", method: "measured" });
  for (const one of live) {
    if (!one.blames) continue;
    add(one.blames.id, { reason: `Rolled back by ${one.id}.`, method: one.kind === "rollback" ? "measured" : "inferred" });
    addRemedy(one.blames.id, one);
  }
  for (const one of all) {
    if (one.remediates === null || one.createdAt > asOf) continue;
    add(one.remediates, { reason: `Made good by ${one.id}.`, method: "measured" });
    addRemedy(one.remediates, byId.get(one.id));
  }
  const linked = new Map<string, IncidentFact[]>();
  for (const incident of incidents) {
    if (incident.causedBy === null || incident.falsePositive) continue;
    add(incident.causedBy, { reason: `It caused the incident ${incident.id}.`, method: "measured" });
    linked.set(incident.causedBy, [...(linked.get(incident.causedBy) ?? []), incident]);
  }
  for (const one of live) {
    const found = reasons.get(one.id) ?? null;
    const manual: Failure = { reason: one.failedReason ?? "A person said so.", method: "manual" };
    one.failure = one.mark === null ? found : one.mark ? manual : null;
    const remedy = earliest(remedies.get(one.id) ?? []);
    one.remediedAt = remedy?.at ?? verifiedAt(linked.get(one.id) ?? [], asOf);
    one.remediedBy = remedy?.by ?? null;
  }
}

const earliest = ([first, ...others]: readonly Remedy[]): Remedy | null =>
  first === undefined ? null : others.reduce((found, one) => (one.at < found.at ? one : found), first);

/** When the last of the incidents was verified, once all are. */
function verifiedAt(incidents: readonly IncidentFact[], asOf: Micros): Micros | null {
  const times = incidents.map((incident) => incident.verifiedAt);
  if (times.length === 0 || times.some((time) => time === null || time > asOf)) return null;
  return Math.max(...(times as Micros[]));
}

/** The commits' graph, as far as parents are known. */
class History {
  private readonly parents = new Map<string, readonly string[]>();
  /** The ancestors that were needed last: what follows on them needs no second walk through the whole past. */
  private last: { of: string; set: Set<string> } | null = null;
  constructor(commits: readonly CommitFact[]) {
    for (const { appId, sha, parents } of commits) this.parents.set(`${appId} ${sha}`, parents);
  }

  private ancestors(appId: string, sha: string, except: ReadonlySet<string> = new Set()): Set<string> {
    const found = new Set<string>();
    for (const queue = [sha]; queue.length > 0; ) {
      const next = queue.pop() as string;
      if (found.has(next) || except.has(next)) continue;
      found.add(next);
      queue.push(...(this.parents.get(`${appId} ${next}`) ?? []));
    }
    return found;
  }

  /** `git log from..to`; the head alone when nothing is known of its parents. */
  between(appId: string, from: string | null, to: string | null): string[] {
    if (to === null || from === to) return [];
    const past = this.last !== null && this.last.of === `${appId} ${from}` ? this.last.set : from === null ? new Set<string>() : this.ancestors(appId, from);
    const found = this.ancestors(appId, to, past);
    // all of the past is behind `to` too where a step from what was found leads to `from`: then together they are its ancestors
    const isAhead = from === null || [...found].some((sha) => this.parents.get(`${appId} ${sha}`)?.includes(from));
    if (isAhead) for (const sha of found) past.add(sha);
    this.last = isAhead ? { of: `${appId} ${to}`, set: past } : null;
    return [...found];
  }

  /** Null when the graph is not known well enough to say. */
  isAncestor(appId: string, sha: string, of: string): boolean | null {
    const found = this.ancestors(appId, of);
    if (found.has(sha)) return true;
    return [...found].every((one) => this.parents.has(`${appId} ${one}`)) ? false : null;
  }
}
