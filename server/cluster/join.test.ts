import { expect, test } from "vitest";
import { joinCommand, joinProblem } from "./join";

test("what only this machine reaches lets nobody join, and says how to change it", () => {
  expect(joinProblem("127.0.0.1:2377", "10.0.0.1:5000")).toMatchObject({
    what: expect.stringContaining("127.0.0.1:2377"),
    fix: expect.stringContaining("docker swarm leave"),
  });
  expect(joinProblem("10.0.0.1:2377", "127.0.0.1:5000")).toMatchObject({
    what: expect.stringContaining("registry"),
    fix: expect.stringContaining("DOKPLOY_ADVERTISE_ADDR"),
  });
  expect(joinProblem("10.0.0.1:2377", "")?.what).toBe("There is no image registry.");
  expect(joinProblem(null, "10.0.0.1:5000")?.what).toContain("no manager");
  expect(joinProblem("10.0.0.1:2377", "10.0.0.1:5000")).toBeNull();
});

const join = { token: "SWMTKN-1-a", address: "10.0.0.1:2377", registry: "10.0.0.1:5000" };
test("the machine trusts the registry's certificate before it joins, where it is our own", () => {
  expect(joinCommand({ ...join, certificate: "" })).toBe("sudo docker swarm join --token SWMTKN-1-a 10.0.0.1:2377");
  const command = joinCommand({ ...join, certificate: "PEM'$(id)" });
  expect(command).toBe(
    "sudo mkdir -p /etc/docker/certs.d/10.0.0.1:5000 && \\\necho UEVNJyQoaWQp | base64 -d | sudo tee /etc/docker/certs.d/10.0.0.1:5000/ca.crt >/dev/null && \\\nsudo docker swarm join --token SWMTKN-1-a 10.0.0.1:2377",
  );
  expect(joinCommand({ ...join, registry: "x;id", certificate: "PEM" })).not.toContain(";id");
});
