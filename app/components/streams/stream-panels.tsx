import type { IncidentShare, IncidentTimes } from "../../../server/metrics/incidents";
import type { IncidentReport, OnboardingReport } from "../../../server/metrics/streams";
import { count, duration } from "../time/format";
import { interval, rate } from "./figure";
import { type Tile, Tiles } from "./tiles";

const timesTile = (label: string, { p50, n }: Pick<IncidentTimes, "p50" | "n">, what: string): Tile => ({
  label,
  value: p50 === null ? null : duration(p50),
  unit: "p50",
  how: p50 === null ? `n too small: ${n} of 5` : `${what}, n ${count(n)}`,
});
const shareTile = (label: string, share: Pick<IncidentShare, "value" | "numerator" | "denominator" | "interval">): Tile => ({
  label,
  value: share.value === null ? null : (share.value * 100).toFixed(1),
  unit: "%",
  how: `${count(share.numerator)} of ${count(share.denominator)}${share.interval ? `, ${interval(share.interval)}` : ""}`,
});

/** How fast incidents are seen, taken on and ended. */
export function IncidentPanel({ report }: { report: IncidentReport }) {
  return (
    <Tiles
      label="Incidents in numbers"
      tiles={[
        timesTile("Time to detect", report.timeToDetect, "started → detected"),
        timesTile("Time to acknowledge", report.timeToAcknowledge, "alerted → acknowledged"),
        timesTile("Time to resolve", report.timeToResolve, "detected → verified"),
        timesTile("Impact", report.impact, "started → verified"),
        shareTile("False positives", report.falsePositiveRate),
        shareTile("Repeated within 30 days", report.repeatRate),
      ]}
    />
  );
}

/** From sign-up to something live, and staying: everybody up to now, since retention takes 37 days to be known. */
export function OnboardingPanel({ report }: { report: OnboardingReport }) {
  const { timeToFirstDeployment: first, activation, retention, funnel } = report;
  return (
    <>
      <Tiles
        label="Onboarding in numbers"
        tiles={[
          {
            label: "Time to first deployment",
            value: first.median === null ? null : duration(first.median),
            unit: "median",
            how: `Kaplan–Meier, n ${count(first.n)}, ${count(first.censored)} have not deployed yet`,
          },
          shareTile("Activation within 7 days", activation),
          shareTile("Retention after 30 days", retention),
        ]}
      />
      <section aria-labelledby="funnel">
        <div className="sect-head">
          <h2 id="funnel">Where do people stop?</h2>
          <p className="answer">Everybody who signed up so far; a step counts those who are old enough for it.</p>
        </div>
        <table className="tbl stackable">
          <caption className="sr">Onboarding funnel</caption>
          <thead>
            <tr>
              <th>Step</th>
              <th className="num">Came so far</th>
              <th className="num">Of</th>
              <th className="num">Share</th>
              <th className="num">Stopped before</th>
            </tr>
          </thead>
          <tbody>
            {funnel.map((step) => (
              <tr key={step.key}>
                <td className="strong">{step.title}</td>
                <td className="num" data-head="Came so far">
                  {count(step.n)}
                </td>
                <td className="num" data-head="Of">
                  {count(step.of)}
                </td>
                <td className="num" data-head="Share">
                  {step.of === 0 ? "–" : rate(step.n / step.of)}
                </td>
                <td className="num" data-head="Stopped before">
                  {count(step.dropped)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
