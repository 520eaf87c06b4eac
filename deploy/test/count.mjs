// @ts-check
/** How many tests passed, failed, and were left out. */

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/** @param {Count[]} counts @returns {Count} */
export const add = (...counts) => ({
  passed: counts.reduce((n, { passed }) => n + passed, 0),
  failed: counts.reduce((n, { failed }) => n + failed, 0),
  skipped: counts.reduce((n, { skipped }) => n + skipped, 0),
});

/**
 * A report that is missing, or a run that failed without a failing test (a file that could not be loaded, an error outside of any test), is one failure.
 * @param {any} report vitest's, as JSON
 * @param {boolean} isGreen vitest's own verdict
 * @returns {Count}
 */
export function countReport(report, isGreen) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  const files = /** @type {{ status: string, assertionResults: { status: string }[] }[]} */ (report.testResults ?? []);
  const tests = files.flatMap((file) => file.assertionResults.map(({ status }) => status));
  const many = (/** @type {string} */ status) => tests.filter((one) => one === status).length;
  const broken = files.filter((file) => file.status === "failed" && file.assertionResults.every((one) => one.status !== "failed")).length;
  const failed = many("failed") + broken;
  return { passed: many("passed"), failed: failed === 0 && !isGreen ? 1 : failed, skipped: tests.length - many("passed") - many("failed") };
}
