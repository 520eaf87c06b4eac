// @ts-check
/** What a supervisor left running when it was killed: web and worker are ended first, then what they stand on. */
import { readJson } from "./files.mjs";
import { readState } from "./home.mjs";
import { endProcess } from "./processes.mjs";

/** @param {import("./home.mjs").Home} home */
export async function endLeftovers(home) {
  /** @type {import("./plan.mjs").Plan | null} */
  const plan = readJson(home.plan);
  const known = [...(plan?.services ?? []), ...(plan?.processes ?? [])];
  const left = Object.entries(readState(home)?.processes ?? {}).reverse();
  const isProcess = (/** @type {string} */ name) => plan?.processes.some((process_) => process_.name === name) ?? false;
  for (const group of [left.filter(([name]) => isProcess(name)), left.filter(([name]) => !isProcess(name))]) {
    await Promise.all(
      group.map(([name, record]) => {
        const { stopSignal: signal, graceMs } = known.find((one) => one.name === name) ?? {};
        return endProcess(record, { ...(signal ? { signal } : {}), ...(graceMs ? { graceMs } : {}) });
      }),
    );
  }
}
