import { toIso } from "../../db/schema/columns";

type Fields = Record<string, unknown>;
const isAbsent = (value: unknown) => value === undefined || value === null;
const isSame = (a: unknown, b: unknown) => a === b || JSON.stringify(a) === JSON.stringify(b);
const shown = (key: string, value: unknown) => (key.endsWith("At") && typeof value === "number" ? toIso(value) : JSON.stringify(value));

export type Merged<T> =
  | { state: "new"; row: T }
  | { state: "same" }
  | { state: "filled"; row: T; added: (keyof T & string)[] }
  | { state: "contradicts"; error: string };

/**
 * What a line brings to what is known: nothing, what was absent, or a contradiction. @param keys that are compared; the others are kept
 */
export function merge<T extends object>(known: T | undefined, line: T, keys: readonly (keyof T & string)[]): Merged<T> {
  if (known === undefined) return { state: "new", row: line };
  const [before, after] = [known as Fields, line as Fields];
  const added: (keyof T & string)[] = [];
  for (const key of keys) {
    if (isAbsent(after[key])) continue;
    if (isAbsent(before[key])) added.push(key);
    else if (!isSame(before[key], after[key]))
      return { state: "contradicts", error: `${key} is ${shown(key, before[key])} already, not ${shown(key, after[key])}` };
  }
  if (added.length === 0) return { state: "same" };
  return { state: "filled", row: { ...known, ...Object.fromEntries(added.map((key) => [key, after[key]])) }, added };
}
