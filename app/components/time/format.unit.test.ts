import { expect, test } from "vitest";
import { addends, duration, relative, tenths, tick } from "./format";

test.each([
  [0, "0.0\u202fs"],
  [9.34, "9.3\u202fs"],
  [59.94, "59.9\u202fs"],
  [59.96, "1m\u00a000s"],
  [86.4, "1m\u00a026s"],
  [3599.6, "1h\u00a000m"],
  [18_720, "5h\u00a012m"],
  [93_600, "1d\u00a02h"],
])("%d seconds read %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test("rulers leave out what is nought", () => {
  expect([0, 20, 60, 80, 7200].map(tick)).toEqual(["0", "20\u202fs", "1m", "1m\u00a020s", "2h"]);
});

test("tenths are grouped", () => {
  expect(tenths(18_012.34)).toBe("18,012.3");
});

test("rounded addends still add up to the rounded sum", () => {
  for (let i = 0; i < 500; i++) {
    const [va, nnva, wait] = [i * 0.137, i * 0.041, i * 0.2255];
    const text = addends({ va, nnva, wait, lead: va + nnva + wait });
    const number = (figure: string) => Math.round(Number(figure.replace(/,/g, "")) * 10);
    expect(number(text.va) + number(text.nnva) + number(text.wait)).toBe(number(text.lead));
  }
});

test("time past and ahead", () => {
  expect(relative(0, 13 * 60_000)).toBe("13 minutes ago");
  expect(relative(0, 3_600_000)).toBe("1 hour ago");
  expect(relative(90_000, 0)).toBe("in 1 minute");
  expect(relative(0, 5000)).toBe("just now");
});
