import fc from "fast-check";
import { expect, test } from "vitest";
import { toCsv } from "./csv";

test("what a spreadsheet would run is text, numbers stay numbers, quotes double", () => {
  expect(
    toCsv({
      header: ["a", "b"],
      rows: [
        ["=HYPERLINK(1)", -2.5],
        ["+1", null],
        ["-x", true],
        ["@sum", 'say "no", now'],
        [" \t=1", "plain"],
      ],
    }),
  ).toBe('a,b\r\n\'=HYPERLINK(1),-2.5\r\n\'+1,\r\n\'-x,true\r\n\'@sum,"say ""no"", now"\r\n\' \t=1,plain\r\n');
});

test("no cell of any text begins a formula, and each line has as many cells as the header", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 4 }), (texts) => {
      const csv = toCsv({ header: texts.map((_, n) => `h${n}`), rows: [texts] });
      const cells = parse(csv)[1] ?? [];
      expect(cells).toHaveLength(texts.length);
      for (const [n, one] of cells.entries()) {
        expect(one).toMatch(/^(?!\s*[=+\-@])/);
        expect(one === texts[n] || one === `'${texts[n]}`).toBe(true);
      }
    }),
  );
});

/** A reader of RFC 4180, apart from the writer. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  for (let at = 0; at < text.length; ) {
    const row = rows.at(-1) as string[];
    let value = "";
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at++;
        value += text[at];
      }
      at++;
    } else while (at < text.length && text[at] !== "," && text.slice(at, at + 2) !== "\r\n") value += text[at++];
    row.push(value);
    if (text[at] === ",") at++;
    else {
      at += 2;
      if (at < text.length) rows.push([]);
    }
  }
  return rows;
}
