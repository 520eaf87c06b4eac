type Line = Record<string, unknown>;
const HOUR_MS = 3_600_000;

/**
 * Two months of one application, 24 deployments each: February's commits take eight hours to go live, March's four, and each a minute
 * more than the one before. Two of March's fail: one is rolled back, one is still open.
 */
export function twoPeriodLines(project: string): Line[] {
  const place = { project, app: "shop-api", environment: "production", tier: "production" };
  const live = (month: number, n: number) => Date.UTC(2026, month, 2 + n, 12);
  const iso = (at: number) => new Date(at).toISOString();
  const months = [
    [1, 8],
    [2, 4],
  ] as const;
  const planned = months.flatMap(([month, hours]) =>
    Array.from({ length: 24 }, (_, n) => {
      const id = `${project}-${month}-${n}`;
      const at = iso(live(month, n));
      const failed = month === 2 && (n === 5 || n === 20) ? { failed: true, failedReason: `verify: ${n} of 40 public checks failed` } : {};
      return [
        { ...place, kind: "deployment", id, outcome: "succeeded", commit: id, commits: [id], createdAt: at, liveAt: at, finishedAt: at, ...failed },
        { project, app: "shop-api", kind: "commit", sha: id, authoredAt: iso(live(month, n) - hours * HOUR_MS - n * 60_000) },
      ];
    }),
  );
  const back = iso(live(2, 5) + HOUR_MS / 2);
  const rollback = {
    ...place,
    kind: "deployment",
    id: `${project}-back`,
    deploymentKind: "rollback",
    outcome: "succeeded",
    commit: `${project}-2-4`,
    commits: [],
    restores: `${project}-2-4`,
    createdAt: back,
    liveAt: back,
    finishedAt: back,
  };
  return [...planned.flat(), rollback];
}
