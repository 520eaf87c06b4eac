import fc from "fast-check";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { ansiRuns, LONGEST_LINE, plainText } from "./ansi";
import { LogLineRow } from "./log-line";
import { search } from "./model";

const ESC = "\u001b";
const CLASSES = new Set(["red", "green", "yellow", "blue", "magenta", "cyan", "grey", "bold", "dim"].map((name) => `ansi-${name}`));
/** Controls but the tab, direction marks, line separators, halves of surrogate pairs. */
const FORBIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/u;

const digits = fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 6 }).map((list) => list.join(";"));
const anything = fc.string({ unit: "binary", maxLength: 40 });
const sequence = fc.oneof(
  digits.map((codes) => `${ESC}[${codes}m`),
  digits.map((codes) => `\u009b${codes}m`),
  fc.tuple(fc.constantFrom("", "?", ">", "="), digits, fc.constantFrom(..."ABCDEFGHJKSTfhlnprsu")).map(([mark, codes, end]) => `${ESC}[${mark}${codes}${end}`),
  fc
    .tuple(fc.constantFrom("]8;;", "]0;", "]52;c;", "P", "X", "^", "_"), anything, fc.constantFrom("\u0007", `${ESC}\\`, "\u009c", ""))
    .map(([open, body, end]) => `${ESC}${open}${body}${end}`),
  fc.constantFrom(`${ESC}(B`, `${ESC}7`, `${ESC}c`, `${ESC}M`, ESC, `${ESC}[`, `${ESC}]`, "\u009b", "\u009d"),
);
const nasty = fc.constantFrom(
  "\u0000",
  "\b",
  "\r",
  "\t",
  "\u007f",
  "\u0085",
  "\u202e",
  "\u2066",
  "\u2028",
  "\ud800",
  "\udc00",
  "😀",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "javascript:alert(1)",
  "&lt;b&gt;",
);
const hostileLine = fc.array(fc.oneof(sequence, nasty, anything, fc.string()), { maxLength: 30 }).map((parts) => parts.join(""));

test("whatever a line holds, what is shown is text and known classes, without control characters, and no longer than a line may be", () => {
  fc.assert(
    fc.property(hostileLine, (line) => {
      const runs = ansiRuns(line);
      expect(plainText(line)).not.toMatch(FORBIDDEN);
      expect(plainText(line).length).toBeLessThanOrEqual(LONGEST_LINE + 1);
      for (const { className } of runs) for (const name of className.split(" ")) expect(name === "" || CLASSES.has(name)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("the row that is drawn holds that text and no element of the line's own", () => {
  fc.assert(
    fc.property(hostileLine, (x) => {
      const html = renderToStaticMarkup(
        createElement(LogLineRow, { line: { n: 1, t: 0, s: "build", x }, begin: 0, isClock: false, word: "", isLinked: false, isCurrent: false, isStop: true }),
      );
      const drawn = html.slice(html.indexOf('<span class="text">') + '<span class="text">'.length, html.lastIndexOf("</span></div>"));
      expect(drawn.replaceAll(/<span(?: class="(?:ansi-[a-z]+ ?)+")?>|<\/span>/g, "")).not.toMatch(/[<>]/);
      expect(html).not.toContain('href="javascript');
    }),
    { numRuns: 500 },
  );
});

test("plain text with colours is shown whole: nothing but sequences is taken away", () => {
  const plain = fc.string({ unit: fc.constantFrom(..."abc <>&\"'\t[]0;m-é漢") });
  fc.assert(
    fc.property(fc.array(fc.tuple(plain, digits), { maxLength: 12 }), (parts) => {
      expect(plainText(parts.map(([text, codes]) => `${text}${ESC}[${codes}m`).join(""))).toBe(parts.map(([text]) => text).join(""));
    }),
  );
});

test.each([
  ["a link keeps its words and loses its address", `see ${ESC}]8;;https://evil.example/${ESC}\\the docs${ESC}]8;;${ESC}\\ now`, "see the docs now"],
  ["a link ended by BEL", `${ESC}]8;id=1;https://evil.example/\u0007docs${ESC}]8;;\u0007`, "docs"],
  ["a string that nothing ends hides nothing", `${ESC}]8;;https://evil.example/ and the rest`, "]8;;https://evil.example/ and the rest"],
  ["cursor movement", `one${ESC}[2Atwo${ESC}[10;20Hthree${ESC}[?25l`, "onetwothree"],
  ["NUL and backspace", "a\u0000b\bc", "abc"],
  ["bidi override", "user\u202e\u2066admin\u2069\u202c", "useradmin"],
  ["a tab stays", "a\tb", "a\tb"],
  ["half a pair goes, a pair stays", "\ud83d 😀 \ude00", " 😀 "],
])("%s", (_, line, seen) => {
  expect(plainText(line)).toBe(seen);
});

test.each([
  ["letters", "x".repeat(1 << 20)],
  ["openings of strings", `${ESC}]`.repeat(1 << 19)],
  ["openings of sequences", `${ESC}[`.repeat(1 << 19)],
  ["digits without an end", `${ESC}[${"1;".repeat(1 << 19)}`],
  ["colours", `${ESC}[31mx${ESC}[0my`.repeat(1 << 16)],
  ["rewrites", "10 %\r".repeat(1 << 18)],
  ["returns", "\r".repeat(1 << 20)],
])("a line of 1 MB of %s is cut, quickly", (_, line) => {
  const begun = performance.now();
  expect(plainText(line).length).toBeLessThanOrEqual(LONGEST_LINE + 1);
  expect(search([{ n: 1, t: 0, s: "build", x: line }], "nothing of it")).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(500);
});
