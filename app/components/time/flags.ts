type Side = "l" | "r";

/** A flag's words take about this share of the figure. */
const WORDS = 0.16;

/**
 * On which side of its needle each flag stands, so that no two words meet and none leaves the figure;
 * the prediction gives way (null). Places are shares of the scale.
 */
export function placeFlags(said: number | null, predicted: number | null): { said: Side; predicted: Side | null } {
  const fitsRight = (at: number) => at + WORDS <= 1;
  if (said === null) return { said: "r", predicted: predicted === null ? null : fitsRight(predicted) ? "r" : "l" };
  if (predicted === null) return { said: fitsRight(said) ? "r" : "l", predicted: null };
  if (predicted <= said) {
    const side = fitsRight(said) ? "r" : "l";
    const meets = side === "l" && said - WORDS < predicted;
    return { said: side, predicted: meets || predicted < WORDS ? null : "l" };
  }
  const side = said >= WORDS ? "l" : "r";
  if (fitsRight(predicted)) return { said: side, predicted: side === "l" || predicted >= said + WORDS ? "r" : null };
  const end = side === "l" ? said : said + WORDS;
  return { said: side, predicted: predicted - WORDS >= end ? "l" : null };
}
