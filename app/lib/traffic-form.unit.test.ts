import { expect, it } from "vitest";
import { trialOf } from "./traffic-form";

const form = (fields: Record<string, string>) => {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.set(name, value);
  return made;
};

it("reads a share, and leaves out what was left empty", () => {
  expect(trialOf(form({ kind: "split", release: "4", weight: " 20 ", "header.name": "", "header.value": "", "cookie.name": "", "cookie.value": "" }))).toEqual({
    kind: "split",
    release: 4,
    weight: 20,
    header: undefined,
    cookie: undefined,
    sticky: false,
  });
});

it("keeps half a pair, which is then refused by name", () => {
  const half = trialOf(form({ kind: "split", release: "4", weight: "", "header.name": "X-Trial", "header.value": "", sticky: "on" }));
  expect(half).toMatchObject({ weight: undefined, header: { name: "X-Trial", value: "" }, sticky: true });
});

it("reads a mirror", () => {
  expect(trialOf(form({ kind: "mirror", release: "4", percent: "10", weight: "20" }))).toEqual({ kind: "mirror", release: 4, percent: 10 });
});
