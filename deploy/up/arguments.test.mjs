import { expect, test } from "vitest";
import { readFlags, readPort } from "./arguments.mjs";

test("flags may stand in any order; another one is refused with what there is", () => {
  expect([...readFlags(["--json", "--detach"], ["--detach", "--json"])]).toEqual(["--json", "--detach"]);
  expect(() => readFlags(["--detatch"], ["--detach"])).toThrow("--detatch is not known here — a flag that does nothing would be misleading — use --detach");
});

test("a port is a whole number from 1 to 65535", () => {
  expect(readPort({}, "DOKPLOY_PORT", 3000)).toBe(3000);
  expect(readPort({ DOKPLOY_PORT: "" }, "DOKPLOY_PORT", 3000)).toBe(3000);
  expect(readPort({ DOKPLOY_PORT: "4000" }, "DOKPLOY_PORT", 3000)).toBe(4000);
  for (const wrong of ["0", "65536", "80a", "-1", "1e3", " 80"]) expect(() => readPort({ P: wrong }, "P", 1)).toThrow("is no port");
});
