import { expect, test } from "vitest";
import { fromIso } from "../../db/schema/columns";
import golden from "../../e2e/support/golden-cases.json";
import { attribute, totalsOf } from "../streams/attribute";
import { type IncidentRecord, incidentMetrics } from "./incidents";
import { spansOfIncident } from "./load-streams";
import { percentileCont } from "./statistics";

const window = { from: fromIso("2026-03-01T00:00:00Z"), to: fromIso("2026-04-01T00:00:00Z"), tz: "UTC" };
const clock = (text: string | null) => (text === null ? null : fromIso(`2026-03-02T${text.length === 5 ? `${text}:00` : text}Z`));
const record = (id: string, times: (string | null)[], more: Partial<IncidentRecord> = {}): IncidentRecord => {
  const [
    startedAt = null,
    detectedAt = null,
    alertedAt = null,
    notifiedAt = null,
    acknowledgedAt = null,
    diagnosedAt = null,
    remediatedAt = null,
    verifiedAt = null,
  ] = times.map(clock);
  return {
    id,
    externalId: id,
    fingerprint: null,
    falsePositive: null,
    startedAt,
    detectedAt,
    alertedAt,
    notifiedAt,
    acknowledgedAt,
    diagnosedAt,
    remediatedAt,
    verifiedAt,
    ...more,
  };
};
const { A, B, expect: wanted } = golden.incident_times;
const C = record("C", [null, null, "15:00", null, "15:02", null, null, "15:05"], { falsePositive: true });
const median = ({ samples }: { samples: { value: number }[] }) =>
  percentileCont(
    samples.map(({ value }) => value),
    0.5,
  );

test("the golden incidents", () => {
  const result = incidentMetrics([record("A", A), record("B", B), C], window, window.to);
  for (const [metric, { n, p50 }] of [
    [result.timeToDetect, wanted.ttd],
    [result.timeToAcknowledge, wanted.tta],
    [result.timeToResolve, wanted.ttr_detect_to_verified],
    [result.impact, wanted.impact],
  ] as const) {
    expect(metric.n).toBe(n);
    expect(median(metric)).toBe(p50);
    expect(metric.p50).toBeNull();
  }
  expect(result.falsePositiveRate).toMatchObject({ numerator: 1, denominator: 3 });
  expect(result.falsePositiveRate.value).toBeCloseTo(wanted.fpr, 6);
  const one = record("A", A);
  const totals = totalsOf(attribute(spansOfIncident(one), one.detectedAt as number, one.verifiedAt as number));
  expect(totals.wait / totals.lead).toBeCloseTo(wanted.A_wait_share, 6);
});

test("an incident repeats when one of its fingerprint was resolved in the 30 days before; what is later is not known", () => {
  const day = (n: number) => window.from + n * 86_400_000_000;
  const one = (id: string, at: number, end: number | null) =>
    record(id, [], { detectedAt: day(at), verifiedAt: end === null ? null : day(end), fingerprint: "disk" });
  const list = [
    one("first", -40, -38),
    one("second", 1, 2),
    one("third", 5, null),
    one("alone", 6, 7),
    record("plain", [], { detectedAt: day(8), fingerprint: null }),
  ];
  const { repeatRate, incidents } = incidentMetrics(list, window, window.to);
  expect(incidents).toBe(4);
  expect(repeatRate.samples.map(({ incident, value }) => [incident, value])).toEqual([
    ["second", 0],
    ["third", 1],
    ["alone", 1],
    ["plain", 0],
  ]);
  expect(incidentMetrics(list, window, day(1.5)).falsePositiveRate).toMatchObject({ denominator: 0, value: null, excluded: { open: 1 } });
});

test("a time before its beginning is left out, with the reason", () => {
  const result = incidentMetrics([record("x", ["12:00", "11:00", null, null, null, null, null, "13:00"])], window, window.to);
  expect(result.timeToDetect).toMatchObject({ n: 0, excluded: { negative_span: 1 } });
  expect(result.timeToAcknowledge.excluded).toEqual({ unknown_time: 1 });
});
