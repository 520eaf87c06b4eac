import type { Explanation } from "../errors";

const isLoopback = (address: string) => /^(127\.|localhost(:|$)|\[?::1\]?)/.test(address);
const FIX = "Set DOKPLOY_ADVERTISE_ADDR to this machine's address in the network that the others are in, and run bin/up again.";

/** Why images cannot travel to another machine; null when they can. @param registry `host:port`, "" when there is none */
export function registryProblem(registry: string): Explanation | null {
  if (registry === "") return { what: "There is no image registry.", why: "Other machines would have nowhere to take images from.", fix: FIX };
  if (!isLoopback(registry)) return null;
  return { what: `The image registry is at ${registry}, which only this machine reaches.`, why: "Other machines could not take images from it.", fix: FIX };
}

/** Why another machine cannot join; null when one can. @param managerAddress where the Swarm is joined, `host:port` */
export function joinProblem(managerAddress: string | null, registry: string): Explanation | null {
  if (managerAddress === null || managerAddress === "")
    return { what: "The engine is no manager of a Swarm.", why: "Only a manager lets others join.", fix: "Point DOCKER_HOST to a manager." };
  if (isLoopback(managerAddress))
    return {
      what: `The Swarm is joined at ${managerAddress}, which only this machine reaches.`,
      why: "It was made for one machine.",
      fix: `Make it anew: docker swarm leave --force, then bin/up with DOKPLOY_ADVERTISE_ADDR set to this machine's address. What was live starts again by itself.`,
    };
  return registryProblem(registry);
}

/** `host:port` as a folder below /etc/docker/certs.d names it; anything else would be more than a name to a shell. */
const SAFE_REGISTRY = /^[A-Za-z0-9.-]+(:\d{1,5})?$/;

/**
 * What is run on the machine that joins: it trusts the registry's certificate, where that is our own, then joins.
 * @param certificate PEM of a registry that no public authority vouches for; "" for none
 */
export function joinCommand({ token, address, registry, certificate }: { token: string; address: string; registry: string; certificate: string }): string {
  const join = `sudo docker swarm join --token ${token} ${address}`;
  if (certificate === "" || !SAFE_REGISTRY.test(registry)) return join;
  const folder = `/etc/docker/certs.d/${registry}`;
  return [`sudo mkdir -p ${folder}`, `echo ${Buffer.from(certificate).toString("base64")} | base64 -d | sudo tee ${folder}/ca.crt >/dev/null`, join].join(
    " && \\\n",
  );
}
