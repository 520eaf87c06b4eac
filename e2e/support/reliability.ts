import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What one fault did, as `docs/reliability.md` shows it. Seconds; null where there is none. */
export type Fact = { group: string; case: string; sent: number; failed: number; toLeaseS: number | null; toEndS: number | null; end: string };

const FILE = path.resolve("test-results/reliability.json");

/** Keeps a fact; the same case of an earlier run is replaced. The files of this level run one after another. */
export function recordFact(fact: Fact): void {
  mkdirSync(path.dirname(FILE), { recursive: true });
  const others = readFacts().filter((one) => one.group !== fact.group || one.case !== fact.case);
  writeFileSync(FILE, `${JSON.stringify([...others, fact], null, 2)}\n`);
}

function readFacts(): Fact[] {
  try {
    return JSON.parse(readFileSync(FILE, "utf8")) as Fact[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
