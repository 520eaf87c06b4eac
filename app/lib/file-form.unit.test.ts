import { expect, it } from "vitest";
import { fileOf } from "./file-form";

const form = (fields: Record<string, string>) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
};

it("keeps the content as it was typed, with line ends of a file", () => {
  expect(fileOf(form({ path: " /etc/a ", text: " a\r\nb\n", mode: "", uid: "" }))).toEqual({ path: "/etc/a", content: " a\nb\n", encoding: "utf8" });
});

it("names mode and owner only when they were given", () => {
  expect(fileOf(form({ path: "/a", text: "", mode: "0400", uid: "0" }))).toEqual({ path: "/a", content: "", encoding: "utf8", mode: "0400", uid: 0 });
});
