import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "../../e2e/support/golden-cases.json";
import {
  BURN_ALERTS,
  burnRate,
  burns,
  fisherExact,
  kaplanMeierMedian,
  mannWhitney,
  percentileCont,
  percentileDisc,
  quantiles,
  quickCheck,
  wilson,
  xmrLimits,
  xmrSignals,
} from "./statistics";

describe("golden cases", () => {
  test("percentiles", () => {
    const { values, expect: wanted } = golden.percentiles;
    expect({
      p50: percentileCont(values, 0.5),
      p90: percentileCont(values, 0.9),
      disc50: percentileDisc(values, 0.5),
      disc90: percentileDisc(values, 0.9),
    }).toEqual(wanted);
  });

  test("proportions: Wilson's interval and Fisher's exact test", () => {
    for (const [hits = 0, trials = 0, low = 0, high = 0] of golden.proportions.cases) {
      expect(wilson(hits, trials)?.[0]).toBeCloseTo(low, 4);
      expect(wilson(hits, trials)?.[1]).toBeCloseTo(high, 4);
    }
    for (const [left, right, p] of golden.proportions.fisher as [[number, number], [number, number], number][])
      expect(fisherExact([left, right])).toBeCloseTo(p, 4);
  });

  test("an individuals chart", () => {
    const { baseline, expect: wanted } = golden.xmr;
    const limits = xmrLimits(baseline);
    if (!limits) throw new Error("six points are enough");
    expect(limits.mean).toBeCloseTo(wanted.mean, 6);
    expect(limits.meanRange).toBeCloseTo(wanted.mr_bar, 6);
    expect(limits.upper).toBeCloseTo(wanted.unpl, 3);
    expect(limits.lower).toBeCloseTo(wanted.lnpl, 3);
    expect(limits.rangeUpper).toBeCloseTo(wanted.url, 3);
    expect([xmrSignals([16], limits)[0], xmrSignals([15], limits)[0]]).toEqual([wanted.signal_16, wanted.signal_15]);
  });

  test("burn rates page when both windows exceed", () => {
    const { slo, expect: wanted } = golden.burn_rate;
    const rate = ([total = 0, errors = 0]: number[]) => burnRate({ total, errors }, slo);
    const long = rate(golden.burn_rate["1h"]);
    const [quiet, hot] = [rate(golden.burn_rate["5m_quiet"]), rate(golden.burn_rate["5m_hot"])];
    expect(long).toBeCloseTo(wanted.burn_1h, 6);
    expect(quiet).toBeCloseTo(wanted.burn_5m_quiet, 6);
    expect(hot).toBeCloseTo(wanted.burn_5m_hot, 6);
    expect([burns(long, quiet, BURN_ALERTS[0].factor), burns(long, hot, BURN_ALERTS[0].factor)]).toEqual([wanted.page_quiet, wanted.page_hot]);
    // of a budget of 30 days
    expect((long ?? 0) / 24 / 30).toBeCloseTo(wanted.budget_spent_1h, 5);
  });

  test("the quick check's score", () => {
    const { in: given, expect: wanted } = golden.quick_check;
    const score = quickCheck({
      leadTime: given.leadtime,
      frequency: given.deployfreq,
      recovery: given.failurerecovery,
      changeFailPercent: given.changefailure_pct,
      reworkPercent: given.rework_pct,
    });
    expect(score).toEqual({ scores: wanted.scores, overall: wanted.overall, throughput: wanted.throughput, stability: wanted.stability });
  });
});

describe("below the n that it needs", () => {
  test("a quantile is null, never 0", () => {
    expect(quantiles([1, 2, 3, 4])).toEqual({ p50: null, p90: null });
    expect(quantiles([1, 2, 3, 4, 5])).toEqual({ p50: 3, p90: null });
    expect(quantiles([])).toEqual({ p50: null, p90: null });
    expect([wilson(0, 0), xmrLimits([1, 2, 3, 4, 5]), burnRate({ total: 0, errors: 0 }, 0.9)]).toEqual([null, null, null]);
  });
});

describe("for any samples", () => {
  test("a quantile lies between the extremes and grows with its share", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const value = percentileCont(values, q) as number;
        expect(value).toBeGreaterThanOrEqual(Math.min(...values));
        expect(value).toBeLessThanOrEqual(Math.max(...values));
        expect(percentileCont(values, Math.min(1, q + 0.1)) as number).toBeGreaterThanOrEqual(value);
      }),
    );
  });

  test("Wilson's interval holds the share, and Fisher's chance is a chance that does not depend on the order", () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), fc.nat(40), fc.nat(40), (a, b, c, d) => {
        const [low, high] = wilson(a, a + b + 1) as [number, number];
        expect(low).toBeLessThanOrEqual(a / (a + b + 1));
        expect(high).toBeGreaterThanOrEqual(a / (a + b + 1));
        const p = fisherExact([
          [a, b],
          [c, d],
        ]);
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(
          fisherExact([
            [c, d],
            [a, b],
          ]),
        ).toBeCloseTo(p, 9);
      }),
    );
  });

  test("the same values on both sides differ by nothing; far apart they do", () => {
    const values = Array.from({ length: 25 }, (_, n) => n);
    expect(mannWhitney(values, values)).toBeCloseTo(1, 6);
    expect(
      mannWhitney(
        values,
        values.map((value) => value + 100),
      ),
    ).toBeLessThan(1e-6);
  });

  test("a survival curve: the censored are not dropped, and one that never falls to a half has no median", () => {
    expect(kaplanMeierMedian([1, 2, 3, 4].map((time) => ({ time, happened: true })))).toBe(2);
    expect(
      kaplanMeierMedian([
        { time: 1, happened: true },
        { time: 5, happened: false },
        { time: 5, happened: false },
      ]),
    ).toBeNull();
    expect(kaplanMeierMedian([])).toBeNull();
  });
});
