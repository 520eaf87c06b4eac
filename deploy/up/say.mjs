// @ts-check
/** What the two commands say while they work, and how they refuse. Progress goes to standard error: standard output holds the answer alone. */

/** A reason to stop that a person can act on. It prints as one line: `error: what — why — fix`. */
export class Refusal extends Error {
  /**
   * @param {string} what
   * @param {string} why
   * @param {string} fix
   */
  constructor(what, why, fix) {
    super([what, why, fix].map((part) => part.trim().replace(/\s*\n\s*/g, " ")).join(" — "));
    this.name = "Refusal";
  }
}

/** @param {string} line */
export const say = (line) => void process.stderr.write(`${line}\n`);

/**
 * One line for any error: what, why, fix where they are known.
 * @param {unknown} error
 */
export function errorLine(error) {
  const text = error instanceof Error ? error.message : String(error);
  return `error: ${text.trim()}`;
}
