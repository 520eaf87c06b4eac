import { execFile } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { promisify } from "node:util";
import { openPlatform, type Platform, type Up } from "../e2e/support/platform";

const exec = promisify(execFile);

/** A command's standard output; its failure is thrown with what it said. */
export async function run(program: string, args: string[], options: { cwd?: string; env?: Record<string, string> } = {}): Promise<string> {
  const { stdout } = await exec(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env } as NodeJS.ProcessEnv, maxBuffer: 1 << 26 });
  return stdout.trim();
}

/** The platform that runs now: `bin/up --detach` must have been called, with `DOKPLOY_ALLOW_HOSTS=127.0.0.1`. */
export async function presentPlatform(): Promise<Up> {
  return JSON.parse(await run("bin/up", ["--status", "--json"])) as Up;
}

export const benchPlatform = async (): Promise<Platform> => openPlatform(await presentPlatform());

export function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? 0;
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at - Math.floor(at));
}
export const median = (values: number[]): number => quantile(values, 0.5);

export const machine = (): string =>
  `${cpus().length} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;

export function table(head: string[], rows: string[][]): void {
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  process.stdout.write(`${lines.join("\n")}\n`);
}
