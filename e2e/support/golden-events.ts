import golden from "./golden-cases.json";

/** The golden cases that are made of events, as an import would bring them: one project for each. */
type Line = Record<string, unknown>;
const iso = (text: string) => (text.endsWith("Z") ? text.replace(/T(\d\d:\d\d)Z$/, "T$1:00Z") : text);
const clock = (text: string) => `2026-03-02T${text.length === 5 ? `${text}:00` : text}Z`;
export const GOLDEN_WINDOW = { from: "2026-03-01", to: "2026-04-01" };

export function leadTimeLines(project: string): Line[] {
  const { deployments, commits, first_live: firstLive } = golden.lead_time_multi_commit;
  const setOf = (id: string) => Object.entries(firstLive).flatMap(([sha, first]) => (first === id ? [sha] : []));
  const at = { project, app: "web" };
  return [
    ...deployments.map((one) => ({
      ...at,
      kind: "deployment",
      environment: "production",
      tier: "production",
      id: `${project}-${one.id}`,
      deploymentKind: "code",
      outcome: "succeeded",
      commit: one.sha,
      commits: one.id === "d0" ? [one.sha] : setOf(one.id),
      createdAt: iso(one.live),
      liveAt: iso(one.live),
      finishedAt: iso(one.live),
    })),
    ...commits.map((one) => ({ ...at, kind: "commit", sha: one.sha, authoredAt: iso(one.authored), merge: "merge" in one })),
  ];
}

export function rollbackLines(project: string): Line[] {
  const { seq } = golden.rollback_blames_the_right_release;
  return seq.map(([commit = "", time = ""], n) => ({
    kind: "deployment",
    project,
    app: "web",
    environment: "production",
    tier: "production",
    id: `${project}-${n}`,
    deploymentKind: n === 3 ? "rollback" : "code",
    outcome: "succeeded",
    commit,
    commits: n === 3 ? [] : [commit],
    ...(n === 3 ? { restores: `${project}-0` } : {}),
    createdAt: clock(time),
    liveAt: clock(time),
    finishedAt: clock(time),
  }));
}

export function attemptLines(project: string): Line[] {
  const { attempts } = golden.attempts_versus_deployments;
  const of = (outcome: string, count: number, isLive: boolean) =>
    Array.from({ length: count }, (_, n) => {
      const time = `2026-03-02T12:${String(n).padStart(2, "0")}:00Z`;
      return {
        kind: "deployment",
        project,
        app: "web",
        environment: "production",
        tier: "production",
        id: `${project}-${outcome}-${n}`,
        outcome,
        commit: `${outcome}${n}`,
        commits: [],
        createdAt: time,
        finishedAt: time,
        ...(isLive ? { liveAt: time } : {}),
      };
    });
  return [
    ...of("succeeded", attempts.succeeded, true),
    ...of("build_failed", attempts.build_failed, false),
    ...of("superseded", attempts.superseded, false),
    ...of("unhealthy", attempts.unhealthy_before_route, false),
  ];
}

export function incidentLines(project: string): Line[] {
  const { deploys, incidents } = golden.incidents_do_not_double_count;
  return [
    ...deploys.map((text) => ({
      kind: "deployment",
      project,
      app: "web",
      environment: "production",
      tier: "production",
      id: `${project}-${text[0]}`,
      outcome: "succeeded",
      commit: text[0],
      commits: [],
      createdAt: clock(text.slice(2)),
      liveAt: clock(text.slice(2)),
      finishedAt: clock(text.slice(2)),
    })),
    ...incidents.map(([id, cause, detected, verified]) => ({
      kind: "incident",
      project,
      app: "web",
      environment: "production",
      id: `${project}-${id}`,
      detectedAt: clock(detected ?? ""),
      verifiedAt: clock(verified ?? ""),
      ...(cause ? { causedBy: `${project}-${cause}` } : {}),
    })),
  ];
}

/** Two incidents, the second known in part alone, and an alert that was none. */
export function incidentTimeLines(project: string): Line[] {
  const { A, B } = golden.incident_times;
  const names = ["startedAt", "detectedAt", "alertedAt", "notifiedAt", "acknowledgedAt", "diagnosedAt", "remediatedAt", "verifiedAt"];
  const timesOf = (times: (string | null)[]) => Object.fromEntries(times.flatMap((time, at) => (time === null ? [] : [[names[at], clock(time)]])));
  const at = { kind: "incident", project, app: "web", environment: "production" };
  return [
    { ...at, id: `${project}-A`, ...timesOf(A) },
    { ...at, id: `${project}-B`, ...timesOf(B) },
    { ...at, id: `${project}-C`, alertedAt: clock("15:00"), acknowledgedAt: clock("15:02"), verifiedAt: clock("15:05"), falsePositive: true },
  ];
}

/** The run begins with its head commit at noon. */
export function mapLines(project: string): Line[] {
  const { spans } = golden.value_stream_map;
  const at = (seconds: number | string | undefined) => new Date(Date.UTC(2026, 2, 2, 12) + Number(seconds) * 1000).toISOString();
  const end = Math.max(...spans.map((span) => Number(span[2])));
  const place = { project, app: "web" };
  return [
    { ...place, kind: "commit", sha: "head", authoredAt: at(0) },
    {
      ...place,
      kind: "deployment",
      environment: "production",
      tier: "production",
      id: `${project}-run`,
      outcome: "succeeded",
      commit: "head",
      commits: ["head"],
      createdAt: at(303),
      liveAt: at(502),
      finishedAt: at(end),
    },
    ...spans.map(([step, from, to, cls]) => ({
      kind: "span",
      stream: "deployment",
      subject: `${project}-run`,
      step,
      class: cls,
      startedAt: at(from),
      finishedAt: at(to),
      outcome: "ok",
    })),
    ...golden.value_stream_map.build_children.map(([from, to], n) => ({
      kind: "span",
      stream: "deployment",
      subject: `${project}-run`,
      step: `build-${n}`,
      class: "va",
      startedAt: at(from),
      finishedAt: at(to),
      outcome: "ok",
      parent: "build",
    })),
  ];
}

export const toNdjson = (lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");
