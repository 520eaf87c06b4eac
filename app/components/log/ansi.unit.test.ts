import { expect, test } from "vitest";
import { ansiRuns, plainText } from "./ansi";

test("colours become classes and end where they are reset", () => {
  expect(ansiRuns("\u001b[1;31merror\u001b[0m at line 3")).toEqual([
    { text: "error", className: "ansi-red ansi-bold" },
    { text: " at line 3", className: "" },
  ]);
});

test("other control sequences leave nothing behind", () => {
  expect(plainText("\u001b[2K\u001b[1Gdone \u001b]0;title\u0007now")).toBe("done now");
});

test("a progress line keeps its last state", () => {
  expect(plainText("10 %\r55 %\r100 %\r")).toBe("100 %");
});

test("colours of 256 are skipped whole", () => {
  expect(ansiRuns("\u001b[38;5;31mx\u001b[38;2;1;31;3my")).toEqual([{ text: "xy", className: "" }]);
});
