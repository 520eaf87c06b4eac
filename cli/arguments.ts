import { type ParseArgsConfig, parseArgs } from "node:util";
import { usageError } from "./errors";

export type OptionSpec = { type: "string" | "boolean"; short?: string; multiple?: boolean };
export const GLOBAL_OPTIONS = {
  url: { type: "string" },
  token: { type: "string" },
  team: { type: "string" },
  json: { type: "boolean" },
  yes: { type: "boolean", short: "y" },
  help: { type: "boolean", short: "h" },
} as const satisfies Record<string, OptionSpec>;

export type Flags = Record<string, string | boolean | (string | boolean)[] | undefined>;
export type Arguments = { positionals: string[]; flags: Flags };

/** Flags may stand anywhere. @throws CliError with status 2 that names what is wrong */
export function readArguments(args: string[], options: Record<string, OptionSpec>): Arguments {
  const config = {
    args,
    options: { ...GLOBAL_OPTIONS, ...options } as NonNullable<ParseArgsConfig["options"]>,
    allowPositionals: true,
    strict: true,
  } satisfies ParseArgsConfig;
  try {
    const { values, positionals } = parseArgs(config);
    return { positionals, flags: values as Flags };
  } catch (error) {
    throw usageError((error as Error).message.split(". To specify")[0] ?? "The arguments are wrong.", "dokploy help shows the commands.");
  }
}

export const text = (flags: Flags, name: string): string | undefined => (typeof flags[name] === "string" ? flags[name] : undefined);
export const isSet = (flags: Flags, name: string): boolean => flags[name] === true;

/** A whole number. @throws CliError with status 2 */
export function wholeNumber(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw usageError(`${name} is a whole number, not ${value}.`);
  return Number(value);
}

/** Exactly these words must follow the command. @throws CliError with status 2 */
export function expectWords(positionals: string[], names: string[], usage: string): string[] {
  if (positionals.length < names.length) throw usageError(`${names[positionals.length]} is missing.`, `Usage: dokploy ${usage}`);
  if (positionals.length > names.length) throw usageError(`“${positionals[names.length]}” is one word too many.`, `Usage: dokploy ${usage}`);
  return positionals;
}

/** `KEY=VALUE` words. @throws CliError with status 2 */
export function readPairs(words: string[], usage: string): [string, string][] {
  if (words.length === 0) throw usageError("Nothing is given.", `Usage: dokploy ${usage}`);
  return words.map((word) => {
    const at = word.indexOf("=");
    if (at < 1) throw usageError(`“${word}” is not KEY=VALUE.`, `Usage: dokploy ${usage}`);
    return [word.slice(0, at), word.slice(at + 1)];
  });
}
