import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "../../e2e/support/golden-cases.json";
import { attribute, type TimedSpan, totalsOf, unionLength } from "./attribute";

const S = 1_000_000;

describe("attribute", () => {
  test("the golden value stream map adds up by class", () => {
    const { spans, expect: wanted } = golden.value_stream_map;
    const timed = spans.map(([step, from, to, cls]) => ({ step, class: cls, startedAt: Number(from) * S, finishedAt: Number(to) * S }) as TimedSpan);
    const totals = totalsOf(attribute(timed, 0, wanted.lead * S));
    expect(totals).toEqual({ va: wanted.va * S, nnva: wanted.nnva * S, wait: wanted.wait * S, lead: wanted.lead * S });
    expect(totals.va / totals.lead).toBeCloseTo(wanted.pce, 6);
  });

  test("overlapping children count by the union of their intervals", () => {
    const { build_children: children, expect: wanted } = golden.value_stream_map;
    expect(unionLength(children.map(([from, to]) => ({ startedAt: Number(from) * S, finishedAt: Number(to) * S })))).toBe(wanted.build_union * S);
  });

  test("value-adding time wins over waiting where both run, and gaps are unattributed", () => {
    const slices = attribute(
      [
        { step: "queue", class: "wait", startedAt: 0, finishedAt: 10 },
        { step: "build", class: "va", startedAt: 5, finishedAt: 15 },
      ],
      0,
      20,
    );
    expect(slices).toEqual([
      { step: "queue", class: "wait", startedAt: 0, finishedAt: 5 },
      { step: "build", class: "va", startedAt: 5, finishedAt: 15 },
      { step: "unattributed", class: "wait", startedAt: 15, finishedAt: 20 },
    ]);
  });

  test("whatever the spans, the slices add up to the whole exactly", () => {
    const span = fc.record({
      step: fc.constantFrom("a", "b", "c"),
      class: fc.constantFrom("va" as const, "nnva" as const, "wait" as const),
      startedAt: fc.nat(1000),
      length: fc.nat(500),
    });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 20 }), fc.nat(1500), (drawn, to) => {
        const spans = drawn.map(({ length, ...rest }) => ({ ...rest, finishedAt: rest.startedAt + length }));
        const totals = totalsOf(attribute(spans, 0, to));
        expect(totals.va + totals.nnva + totals.wait).toBe(to);
        expect(totals.lead).toBe(to);
      }),
    );
  });
});
