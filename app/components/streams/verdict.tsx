import type { Verdict } from "../../../server/improvement/verdict";

const LOOK: Record<Verdict["state"], { glyph: string; word: string }> = {
  waiting: { glyph: "queued", word: "not begun" },
  too_small: { glyph: "queued", word: "not enough data" },
  better: { glyph: "succeeded", word: "better" },
  worse: { glyph: "failed", word: "worse" },
  noise: { glyph: "cancelled", word: "no difference found" },
  untested: { glyph: "cancelled", word: "not tested" },
};

export function VerdictState({ verdict }: { verdict: Verdict }) {
  const { glyph, word } = LOOK[verdict.state];
  return <span className={`state g-${glyph}`}>{word}</span>;
}
