import { describe, expect, test } from "vitest";
import { parseAllowHosts, placeOf, refuseRepository } from "./git-hosts";

const env = (allow = "") => ({ DOKPLOY_ALLOW_HOSTS: allow, DOKPLOY_LOCAL_REPOSITORIES: "/srv/home/repositories" });

describe("refuseRepository", () => {
  test.each([
    "https://git.example.com/a/b.git",
    "ssh://git@git.example.com/a/b",
    "git@git.example.com:a/b.git",
    "/srv/home/repositories/hello.git",
    "file:///srv/home/repositories/hello.git",
  ])("takes %s", (url) => {
    expect(() => refuseRepository(env(), url)).not.toThrow();
  });
  test.each([
    "http://git.example.com/a.git",
    "https://127.0.0.1/a.git",
    "https://[::1]/a.git",
    "https://10.1.2.3/a.git",
    "https://localhost/a.git",
    "https://169.254.169.254/latest",
    "/etc/passwd",
    "/srv/home/repositories/../secrets",
    "/srv/home/repositories",
    "file:///srv/home/repositories/../../x",
    "ext::sh -c id",
    "git://git.example.com/a",
  ])("refuses %s", (url) => {
    expect(() => refuseRepository(env(), url)).toThrow();
  });
  test("plain http and private hosts go where they are listed", () => {
    expect(() => refuseRepository(env("127.0.0.1, 10.0.0.0/8 git.local"), "http://127.0.0.1:3456/a.git")).not.toThrow();
    expect(() => refuseRepository(env("10.0.0.0/8"), "https://10.9.9.9/a.git")).not.toThrow();
  });
  test("metadata addresses never, even when listed", () => {
    expect(() => refuseRepository(env("169.254.169.254"), "http://169.254.169.254/a.git")).toThrow(
      expect.objectContaining({ explanation: expect.objectContaining({ why: expect.stringContaining("never reached") }) }),
    );
  });
});

test("a name that resolves to a private address is refused unless the name is listed", () => {
  expect(parseAllowHosts("").refusal("git.example.com", ["192.168.1.2"])).toMatch(/private/);
  expect(parseAllowHosts("git.example.com").refusal("git.example.com", ["192.168.1.2"])).toBeNull();
  expect(parseAllowHosts("git.example.com").refusal("git.example.com", ["169.254.169.254"])).toMatch(/metadata/);
  expect(parseAllowHosts("").refusal("git.example.com", ["93.184.216.34", "2606:2800:220:1::1"])).toBeNull();
});

test("the host of each form of address", () => {
  expect(placeOf("git@Git.Example.com:a/b")).toEqual({ kind: "remote", protocol: "ssh", host: "git.example.com" });
  expect(placeOf("https://git.example.com:8443/a")).toEqual({ kind: "remote", protocol: "https", host: "git.example.com" });
});
