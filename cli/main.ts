import { GLOBAL_OPTIONS, isSet, readArguments, text } from "./arguments";
import { createClient } from "./client";
import type { Command, Commands } from "./command";
import { accountCommands } from "./commands/account";
import { appCommands, later } from "./commands/app";
import { credentialCommands } from "./commands/credential";
import { deployCommands } from "./commands/deploy";
import { domainCommands } from "./commands/domain";
import { envCommands } from "./commands/env";
import { fileCommands } from "./commands/file";
import { improvementCommands } from "./commands/improvement";
import { logsCommands } from "./commands/logs";
import { metricsCommands } from "./commands/metrics";
import { nodeCommands } from "./commands/node";
import { projectCommands } from "./commands/project";
import { tokenCommands } from "./commands/token";
import { trafficCommands } from "./commands/traffic";
import { usageCommands } from "./commands/usage";
import { EXIT, toCliError, usageError } from "./errors";
import { createOutput } from "./output";
import { readSession, sessionPath } from "./session-file";

const LATER = ["exec", "user create", "config set", "ssl enable"];
const COMMANDS: Commands = {
  ...accountCommands,
  ...projectCommands,
  ...appCommands,
  ...credentialCommands,
  ...envCommands,
  ...fileCommands,
  ...domainCommands,
  ...deployCommands,
  ...logsCommands,
  ...tokenCommands,
  ...metricsCommands,
  ...trafficCommands,
  ...nodeCommands,
  ...improvementCommands,
  ...usageCommands,
  ...Object.fromEntries(LATER.map((name) => [name, later(name, name)])),
};
const DEFAULT_URL = "http://127.0.0.1:3000";

async function main(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const wantsJson = args.includes("--json");
  let url = DEFAULT_URL;
  try {
    const found = findCommand(args);
    if (!found) return showHelp(args);
    const { command, rest } = found;
    if (command.summary === "(later)") return await command.run(undefined as never);
    const { positionals, flags } = readArguments(rest, command.options ?? {});
    if (isSet(flags, "help")) return showUsage(command);
    const sessionFile = sessionPath(env);
    const stored = await readSession(sessionFile);
    url = text(flags, "url") ?? env.DOKPLOY_URL ?? stored?.url ?? DEFAULT_URL;
    const token = text(flags, "token") ?? env.DOKPLOY_TOKEN ?? (stored && stored.url === url ? stored.token : undefined);
    const connection = { url, token, team: text(flags, "team") ?? env.DOKPLOY_TEAM ?? stored?.team };
    const out = createOutput(isSet(flags, "json"), process.stdout, process.stderr);
    const isInteractive = process.stdout.isTTY === true && !out.isJson;
    return await command.run({
      positionals,
      flags,
      connection,
      client: createClient(connection),
      out,
      stdin: process.stdin,
      stdout: process.stdout,
      sessionFile,
      isInteractive,
    });
  } catch (error) {
    const { exit, failure } = toCliError(error, url);
    process.stderr.write(
      wantsJson ? `${JSON.stringify({ error: failure })}\n` : `error: ${[failure.what, failure.why, failure.fix].filter(Boolean).join(" — ")}\n`,
    );
    return exit;
  }
}

/** The command's one or two words may stand among flags: global flags with a value are stepped over. */
function findCommand(args: string[]): { command: Command; rest: string[] } | null {
  const words: number[] = [];
  for (let at = 0; at < args.length && words.length < 2; at++) {
    const word = args[at] ?? "";
    if (word === "--") break;
    if (!word.startsWith("-")) words.push(at);
    else if (!word.includes("=") && GLOBAL_OPTIONS[word.slice(2) as keyof typeof GLOBAL_OPTIONS]?.type === "string") at += 1;
  }
  const [first, second] = words.map((at) => args[at] ?? "");
  const without = (count: number) => args.filter((_, at) => !words.slice(0, count).includes(at));
  const two = COMMANDS[`${first} ${second}`];
  if (two) return { command: two, rest: without(2) };
  const one = first === undefined ? undefined : COMMANDS[first];
  return one ? { command: one, rest: without(1) } : null;
}

function showHelp(args: string[]): number {
  const [first] = args.filter((word) => !word.startsWith("-"));
  const isAsked = first === undefined || first === "help";
  if (!isAsked && !Object.keys(COMMANDS).some((name) => name.startsWith(`${first} `)))
    throw usageError(`There is no command ${first}.`, "dokploy help shows the commands.");
  const shown = Object.entries(COMMANDS).filter(([name, command]) => command.summary !== "(later)" && (isAsked || name.startsWith(`${first} `)));
  const text = [
    "Usage: dokploy COMMAND [--url U] [--token T] [--team T] [--json]",
    "",
    ...shown.map(([, command]) => `  ${command.usage}\n      ${command.summary}`),
    "",
  ].join("\n");
  if (isAsked && (first === "help" || args.includes("--help") || args.includes("-h"))) {
    process.stdout.write(text);
    return EXIT.done;
  }
  process.stderr.write(text);
  return EXIT.usage;
}

function showUsage(command: Command): number {
  process.stdout.write(`Usage: dokploy ${command.usage}\n${command.summary}\n`);
  return EXIT.done;
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
process.on("SIGINT", () => process.exit(130));
process.exitCode = await main(process.argv.slice(2), process.env);
