import { expect, test } from "vitest";
import { newAppOf, settingsOf } from "./app-form";

const form = (fields: Record<string, string>) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
};

test("what was left empty is not sent", () => {
  expect(
    newAppOf(form({ source: "git", name: " web ", git: "https://git.example.com/web.git", branch: "", image: "left:over", port: "3000" }), "shop"),
  ).toEqual({
    name: "web",
    project: "shop",
    git: "https://git.example.com/web.git",
    port: 3000,
  });
});

test("an image has no branch", () => {
  expect(newAppOf(form({ source: "image", name: "web", image: "nginx:1", branch: "main" }), "shop")).toEqual({
    name: "web",
    project: "shop",
    image: "nginx:1",
  });
});

test("volumes and canary steps are read as they are written; a wrong one says how", () => {
  expect(settingsOf(form({ section: "running", volumes: "data:/data", canarySteps: "5:30" }))).toMatchObject({
    volumes: [{ name: "data", path: "/data", shared: false }],
    canary: { steps: [{ weight: 5, holdS: 30 }] },
  });
  expect(settingsOf(form({ section: "running", volumes: "" }))).toMatchObject({ volumes: [] });
  expect(() => settingsOf(form({ section: "running", volumes: "data" }))).toThrow(/NAME:\/path/);
});

test("an emptied port goes back to being found", () => {
  expect(settingsOf(form({ section: "running", replicas: "2", port: "" }))).toMatchObject({ replicas: 2, port: null });
});
