import { expect, test } from "vitest";
import { urlAs } from "./database.mjs";
import { environments, planDigest, rolesOf } from "./plan.mjs";
import { startupMessage } from "./ready.mjs";
import { findUser } from "./users.mjs";

const secrets = {
  masterKey: "k",
  databaseWeb: "web word",
  databaseWorker: "worker word",
  redis: "r",
  registry: "g",
  registrySalt: "s",
  admin: "a",
  database: "d",
};
const given = {
  env: { PATH: "/bin", DOCKER_HOST: "unix:///given", REGISTRY_PASSWORD: "given", AWS_SECRET_ACCESS_KEY: "the caller's", HTTPS_PROXY: "http://proxy:1" },
  home: { id: "abc123", folder: "/h", repositories: "/h/repositories" },
  secrets,
  app: "/h/run/app-1",
  port: 3000,
  edgePort: 8080,
  adminUrl: "postgres://dokploy:admin%20word@127.0.0.1:5432/dokploy",
  redisUrl: "redis://:r@127.0.0.1:6379",
  dockerHost: "unix:///engine",
  registry: { address: "127.0.0.1:5000", username: "dokploy", password: "g", process: null },
  edgeImage: "traefik:v3.6",
  probePort: 4001,
  pagesUrl: "http://dokploy-host:3000",
};

test("web is given neither engine nor registry, nor anything else of the caller's", () => {
  const { web, worker } = environments(given);
  for (const name of ["DOCKER_HOST", "REGISTRY", "REGISTRY_PASSWORD", "AWS_SECRET_ACCESS_KEY", "DOKPLOY_HOME"]) expect(web).not.toHaveProperty(name);
  expect(worker).toMatchObject({ DOCKER_HOST: "unix:///engine", REGISTRY_PASSWORD: "g", DOKPLOY_HOME: "/h" });
  expect(worker).not.toHaveProperty("AWS_SECRET_ACCESS_KEY");
  expect(web).toMatchObject({ HTTPS_PROXY: "http://proxy:1", NODE_ENV: "production", DOKPLOY_ALLOW_HOSTS: "" });
});

test("each process connects as its own role, and never as the administrator", () => {
  const { web, worker } = environments(given);
  expect(web.DATABASE_URL).toBe("postgres://dokploy_abc123_web:web%20word@127.0.0.1:5432/dokploy");
  expect(worker.DATABASE_URL).toContain("dokploy_abc123_worker");
  expect(rolesOf("a-b", secrets).web.name).toBe("dokploy_a_b_web");
  expect(urlAs("postgres://a:b@h/d?sslmode=require", "n", "p")).toBe("postgres://n:p@h/d?sslmode=require");
});

test("another plan has another digest", () => {
  const plan = { home: "/h", privateEngine: true, services: [], migrate: null, processes: [], facts: {} };
  expect(planDigest(plan)).toBe(planDigest({ ...plan }));
  expect(planDigest(plan)).not.toBe(planDigest({ ...plan, home: "/i" }));
});

test("PostgreSQL's startup message is as its protocol says", () => {
  const message = startupMessage("a");
  expect(message.readInt32BE(0)).toBe(message.length);
  expect(message.readInt32BE(4)).toBe(0x30000);
  expect(message.subarray(8).toString()).toBe("user\0a\0database\0a\0\0");
});

test("a user is found by its whole name", () => {
  const passwd = "root:x:0:0::/root:/bin/sh\ndokploy-web-old:x:7:7::/:/bin/false\ndokploy-web:x:998:997::/nonexistent:/usr/sbin/nologin\n";
  expect(findUser("dokploy-web", passwd)).toEqual({ name: "dokploy-web", uid: 998, gid: 997 });
  expect(findUser("dokploy", passwd)).toBeNull();
});
