import type { LogLine } from "../../server/logs/codec";

/** Lines in order, each once: those already had are dropped, and a hole is told apart from a continuation. */
export function continueLines(next: number | null, arrived: readonly LogLine[]): { fresh: LogLine[]; next: number | null; hole: boolean } {
  const fresh: LogLine[] = [];
  let expected = next;
  for (const line of arrived) {
    if (expected !== null && line.n < expected) continue;
    if (expected !== null && line.n > expected) return { fresh, next: expected, hole: true };
    fresh.push(line);
    expected = line.n + 1;
  }
  return { fresh, next: expected, hole: false };
}
