import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { allowedCalls } from "./allowed-calls";

const app = randomUUID();
const deployment = randomUUID();
const id = `sha256:${"0".repeat(64)}`;
const decide = allowedCalls({ home: "home-a", registry: "10.0.0.1:5000" });

/** Each as it is asked by the platform itself. */
const CALLS: [string, string][] = [
  ["POST", `/build?version=2&remote=client-session&session=${app}&buildid=${deployment}-1&t=dokploy/${app}:${deployment}&labels={"dokploy.home":"home-a"}`],
  ["POST", `/build/cancel?id=${deployment}-12-plain`],
  ["POST", "/build/prune?all=true"],
  ["GET", "/images/json"],
  ["POST", "/images/prune"],
  ["GET", `/images/${id}/json`],
  ["GET", `/images/10.0.0.1:5000/dokploy-agent@${id}/json`],
  ["POST", `/images/${id}/tag?repo=10.0.0.1:5000/${app}&tag=${deployment}`],
  ["POST", `/images/10.0.0.1:5000/${app}/push?tag=${deployment}`],
  ["DELETE", `/images/dokploy/${app}:${deployment}`],
  ["GET", `/containers/${"a".repeat(64)}/logs?stdout=1`],
];
/** What the engine may be asked at all. */
const ENGINE = /^\/(build|build\/(cancel|prune)|images\/(json|prune)|images\/[\w.:@/-]+(\/(json|tag|push))?|containers\/[0-9a-f]{64}\/logs)$/;

test("each of our own calls is understood", () => {
  for (const [method, target] of CALLS) expect(decide(method, target, false), `${method} ${target}`).not.toBeNull();
  expect(decide("POST", "/session", true)).toMatchObject({ path: "/session", isUpgrade: true });
  expect(decide("POST", "/session", false)).toBeNull();
});

test("a call that was changed anywhere is refused, or still one of ours: no path that the engine could read otherwise goes on", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      "//",
      "/../",
      "/./",
      "%2e%2e/",
      "%2f",
      "..%2f",
      "\\",
      "?",
      "#",
      "&t=x",
      "&labels={}",
      "@",
      ":",
      "\0",
      "\r\n",
      " ",
      "/containers/create",
    ),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...CALLS),
      fc.nat(),
      fc.nat(4),
      piece,
      fc.constantFrom("GET", "POST", "DELETE", "PUT"),
      ([method, target], at, length, text, other) => {
        const place = at % (target.length + 1);
        const changed = target.slice(0, place) + text + target.slice(place + length);
        for (const verb of [method, other]) {
          const call = decide(verb, changed, false);
          if (!call) continue;
          const path = call.path.split("?")[0] ?? "";
          expect(path).toMatch(ENGINE);
          expect(path).not.toMatch(/\/\.|\/\/|%|\\/);
          expect(call.method).toBe(verb);
          if (call.path.startsWith("/build?"))
            expect(JSON.parse(new URLSearchParams(call.path.split("?")[1]).get("labels") ?? "")).toMatchObject({ "dokploy.home": "home-a" });
        }
      },
    ),
    { numRuns: 3_000 },
  );
});
