// @ts-check
/** `bin/down [--purge]`. */
import fs from "node:fs";
import { readFlags } from "./arguments.mjs";
import { findHome, homeFolder } from "./home.mjs";
import { locked } from "./lock.mjs";
import { errorLine, say } from "./say.mjs";
import { takeDown } from "./take-down.mjs";

/** @param {string[]} argv @param {NodeJS.ProcessEnv} env @returns {Promise<number>} the exit status */
export async function down(argv, env) {
  try {
    const flags = readFlags(argv, ["--purge"]);
    const purge = flags.has("--purge");
    const folder = homeFolder(env);
    const home = fs.existsSync(folder) ? findHome(folder) : null;
    if (!home) {
      say("nothing runs: nothing was ever started here");
      return 0;
    }
    const onWait = () => say("a bin/up is at work on this home: waiting for it");
    const wasRunning = await locked(home.lock, () => takeDown(home, { purge }), { onWait });
    say(`${wasRunning ? "stopped" : "nothing ran"}${purge ? "; its data is removed" : ""}`);
    return 0;
  } catch (error) {
    process.stderr.write(`${errorLine(error)}\n`);
    return 1;
  }
}
