// @ts-check
/** The flags of the two commands. */
import { Refusal } from "./say.mjs";

/**
 * @param {string[]} argv without node and the program
 * @param {string[]} known flags, with their dashes
 * @returns {Set<string>} the flags that were given
 * @throws {Refusal} for anything else
 */
export function readFlags(argv, known) {
  for (const argument of argv) {
    if (!known.includes(argument)) throw new Refusal(`${argument} is not known here`, "a flag that does nothing would be misleading", `use ${known.join(" ")}`);
  }
  return new Set(argv);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @param {number} fallback
 * @throws {Refusal} when it is no port
 */
export function readPort(env, name, fallback) {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new Refusal(`${name}=${text} is no port`, "a port is a number from 1 to 65535", `set ${name} to a free port, or unset it for ${fallback}`);
  return port;
}
