// @ts-check
/** Versions as tools print them: `v20.19.1`, `go1.25.3`, `1.41`. */

/**
 * @param {string} text
 * @returns {number[]} its numbers, empty when there are none
 */
export const numbersOf = (text) => (/\d+(\.\d+)*/.exec(text)?.[0] ?? "").split(".").filter(Boolean).map(Number);

/**
 * @param {string} version
 * @param {string} least
 * @returns {boolean} whether `version` is `least` or later; false when it holds no number
 */
export function isAtLeast(version, least) {
  const [a, b] = [numbersOf(version), numbersOf(least)];
  if (a.length === 0) return false;
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
