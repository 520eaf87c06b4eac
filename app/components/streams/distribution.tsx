import type { MetricDetail } from "../../../server/metrics/detail";
import { Chart } from "../charts/chart";
import type { MetricPage } from "./metrics";

/** How the samples lie: a median says nothing of a long tail. */
export function Distribution({ page, bins, csv }: { page: MetricPage; bins: MetricDetail["distribution"]; csv: string }) {
  if (bins.length === 0) return null;
  const what = page.kind === "frequency" ? "days with that many deployments" : page.of;
  return (
    <section aria-labelledby="distribution">
      <div className="sect-head">
        <h2 id="distribution">How do they lie?</h2>
        <p className="answer">
          {page.kind === "frequency" ? "Days by the number of deployments, days without one included." : `${page.of} by how long each took.`}
        </p>
      </div>
      <Chart
        label={`Distribution: ${what}`}
        height={180}
        csv={csv}
        drawings={[
          {
            name: "distribution",
            height: 180,
            unit: "number",
            rows: bins.map((bin) => ({ x: bin.label, before: bin.before, now: bin.now })),
            marks: [
              { key: "before", name: "period before", look: "support", shape: "bar" },
              { key: "now", name: "this period", look: "work", shape: "bar" },
            ],
          },
        ]}
        table={{
          head: [page.kind === "frequency" ? "Deployments that day" : "Took", "This period", "Period before"],
          rows: bins.map((bin) => ({ key: bin.label, cells: [bin.label, bin.now, bin.before] })),
        }}
      />
    </section>
  );
}
