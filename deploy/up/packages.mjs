// @ts-check
/** System packages through apt, for the programs that are missing. Each is named before it is installed. */
import fs from "node:fs";
import { findProgram } from "./files.mjs";
import { isRoot, MACHINE } from "./home.mjs";
import { locked } from "./lock.mjs";
import { run } from "./run.mjs";
import { Refusal, say } from "./say.mjs";

const POLICY = "/usr/sbin/policy-rc.d";
let isIndexFresh = false;

/**
 * @param {{ program: string, packages: string[], purpose: string }[]} wanted programs that are missing
 * @throws {Refusal} without root or apt, or when a package cannot be had
 */
export async function installPackages(wanted) {
  const missing = wanted.filter(({ program }) => findProgram(program) === null);
  if (missing.length === 0) return;
  const names = missing.flatMap(({ packages }) => packages);
  refuseWithoutApt(missing);
  for (const { program, packages, purpose } of missing) say(`installing ${packages.join(", ")}: ${program} is missing (${purpose})`);
  fs.mkdirSync(MACHINE, { recursive: true, mode: 0o711 });
  await locked(`${MACHINE}/apt.lock`, () => withoutStartingServices(() => aptInstall(names)));
  const absent = missing.find(({ program }) => findProgram(program) === null);
  if (absent)
    throw new Refusal(
      `${absent.program} is still missing`,
      `the package ${absent.packages.join(", ")} did not bring it`,
      `install ${absent.program} by hand and run bin/up again`,
    );
}

/** @param {{ program: string, packages: string[] }[]} missing */
export function refuseWithoutApt(missing) {
  const programs = missing.map(({ program }) => program).join(", ");
  const packages = missing.flatMap(({ packages: names }) => names).join(" ");
  if (findProgram("apt-get") === null)
    throw new Refusal(`${programs} cannot be installed`, "this system has no apt-get", `install ${programs} and run bin/up again`);
  if (!isRoot())
    throw new Refusal(
      `${programs} cannot be installed`,
      "installing needs root",
      `run bin/up as root, or: sudo apt-get install --no-install-recommends ${packages}`,
    );
}

/** @param {string[]} names */
async function aptInstall(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const lockTimeout = ["-o", "DPkg::Lock::Timeout=300"];
  try {
    if (!isIndexFresh) await run("apt-get", [...lockTimeout, "update", "-q"], { env, doing: "apt-get update" });
    isIndexFresh = true;
    await run("apt-get", [...lockTimeout, "install", "-y", "-q", "--no-install-recommends", ...names], { env, doing: "apt-get install" });
  } catch (error) {
    throw new Refusal(
      `${names.join(", ")} could not be installed`,
      error instanceof Error ? error.message : String(error),
      `install by hand: apt-get install --no-install-recommends ${names.join(" ")}`,
    );
  }
}

/**
 * Debian's packages start their service when installed, unless policy-rc.d forbids it (invoke-rc.d(8)). An existing policy stays.
 * @param {() => Promise<void>} install
 */
async function withoutStartingServices(install) {
  if (fs.existsSync(POLICY)) return install();
  fs.writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await install();
  } finally {
    fs.rmSync(POLICY, { force: true });
  }
}
