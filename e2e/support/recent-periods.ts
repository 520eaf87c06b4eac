type Line = Record<string, unknown>;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Two periods of 28 days up to now of one application: twice as many deployments in the later one, each of one commit, and commits that go
 * live sooner. Every seventh fails, and all but the last failure are made good within the hour.
 */
export function recentPeriodLines(project: string, now: number): Line[] {
  const place = { project, app: "shop-api", environment: "production", tier: "production" };
  const iso = (at: number) => new Date(at).toISOString();
  const lives = [
    ...Array.from({ length: 24 }, (_, n) => ({ at: now - 55 * DAY_MS + n * 1.1 * DAY_MS, hours: 9 + (n % 5) })),
    ...Array.from({ length: 48 }, (_, n) => ({ at: now - 27 * DAY_MS + n * 0.55 * DAY_MS, hours: 7 - n / 12 + (n % 3) })),
  ];
  return lives.flatMap(({ at, hours }, n) => {
    const id = `${project}-${n}`;
    const failed = n % 7 === 4;
    const remedy = { ...place, kind: "deployment", id: `${id}-fix`, outcome: "succeeded", commit: `${id}-fix`, commits: [`${id}-fix`], remediates: id };
    const fixed = iso(at + HOUR_MS / 2 + (n % 4) * 300_000);
    return [
      {
        ...place,
        ...{ kind: "deployment", id, outcome: "succeeded", commit: id, commits: [id], createdAt: iso(at), liveAt: iso(at), finishedAt: iso(at) },
        ...(failed ? { failed: true, failedReason: "verify: 3 of 40 public checks failed" } : {}),
      },
      { project, app: "shop-api", kind: "commit", sha: id, authoredAt: iso(at - hours * HOUR_MS) },
      ...(failed && n < lives.length - 7
        ? [
            { ...remedy, createdAt: fixed, liveAt: fixed, finishedAt: fixed },
            { project, app: "shop-api", kind: "commit", sha: `${id}-fix`, authoredAt: iso(at + HOUR_MS / 4) },
          ]
        : []),
    ];
  });
}
