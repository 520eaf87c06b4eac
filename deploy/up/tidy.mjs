// @ts-check
/** Takes what a home made out of the engine. Plain HTTP over its socket. */
import { setTimeout as wait } from "node:timers/promises";
import { engineRequest } from "../../e2e/support/engine-api.mjs";

const PATIENCE_MS = 60_000;

/** @param {string} homeId */
const ours = (homeId) => encodeURIComponent(JSON.stringify({ label: [`dokploy.home=${homeId}`] }));

/**
 * @param {string} dockerHost
 * @param {string} path
 * @returns {Promise<any[]>}
 */
async function list(dockerHost, path) {
  const { status, text, json } = await engineRequest(dockerHost, "GET", path, { timeoutMs: 30_000 });
  if (status !== 200) throw new Error(`the engine did not list ${path.split("?")[0]}: ${text.trim()}`);
  return json ?? [];
}

/** @param {string} dockerHost @param {string} path @param {number[]} [fine] further answers that do */
async function remove(dockerHost, path, fine = []) {
  const { status, text } = await engineRequest(dockerHost, "DELETE", path, { timeoutMs: 60_000 });
  return status < 300 || status === 404 || fine.includes(status) ? null : text.trim();
}

/**
 * Removes services, containers, networks, configs and secrets of a home and returns when they are gone. Volumes and images stay.
 * @param {string} dockerHost
 * @param {string} homeId
 */
export async function removeFromEngine(dockerHost, homeId) {
  const services = (await list(dockerHost, `/services?filters=${ours(homeId)}`)).map((service) => service.ID);
  for (const id of services) {
    const problem = await remove(dockerHost, `/services/${id}`);
    if (problem) throw new Error(`a service could not be removed: ${problem}`);
  }
  const deadline = Date.now() + PATIENCE_MS;
  const isOurs = (/** @type {any} */ container) =>
    container.Labels?.["dokploy.home"] === homeId || services.includes(container.Labels?.["com.docker.swarm.service.id"]);
  for (const container of (await list(dockerHost, `/containers/json?all=1&filters=${ours(homeId)}`)).filter(
    ({ Labels }) => !Labels?.["com.docker.swarm.service.id"],
  ))
    await remove(dockerHost, `/containers/${container.Id}?force=1&v=0`, [409]);
  for (;;) {
    const left = (await list(dockerHost, "/containers/json?all=1")).filter(isOurs);
    if (left.length === 0) break;
    if (Date.now() > deadline) throw new Error(`${left.length} containers do not end: ${left.map(({ Names }) => Names?.[0]).join(", ")}`);
    await wait(100);
  }
  for (let problem = await removeNetworks(dockerHost, homeId); problem !== null; problem = await removeNetworks(dockerHost, homeId)) {
    if (Date.now() > deadline) throw new Error(`a network cannot be removed: ${problem}`);
    await wait(200);
  }
  // what they hold is in the database, and comes back with the services
  for (const kind of ["configs", "secrets"])
    for (const { ID } of await list(dockerHost, `/${kind}?filters=${ours(homeId)}`)) await remove(dockerHost, `/${kind}/${ID}`);
}

/** @param {string} dockerHost @param {string} homeId @returns {Promise<string | null>} what stands in the way of one, if any */
async function removeNetworks(dockerHost, homeId) {
  let problem = null;
  for (const { Id } of await list(dockerHost, `/networks?filters=${ours(homeId)}`)) problem = (await remove(dockerHost, `/networks/${Id}`)) ?? problem;
  return problem;
}

/**
 * Removes volumes and images of a home.
 * @param {string} dockerHost
 * @param {string} homeId
 */
export async function purgeFromEngine(dockerHost, homeId) {
  const { json } = await engineRequest(dockerHost, "GET", `/volumes?filters=${ours(homeId)}`, { timeoutMs: 30_000 });
  for (const { Name } of json?.Volumes ?? []) await remove(dockerHost, `/volumes/${encodeURIComponent(Name)}?force=1`, [409]);
  for (const { Id } of await list(dockerHost, `/images/json?filters=${ours(homeId)}`)) await remove(dockerHost, `/images/${Id}?force=1`, [409]);
}
