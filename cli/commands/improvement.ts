import { TARGET_METRICS, type TargetKey, type TargetMetric } from "../../server/improvement/constants";
import { readValue, valueHint } from "../../server/improvement/notation";
import { METRIC_KEYS, type MetricKey } from "../../server/metrics/constants";
import { expectWords, type Flags, text } from "../arguments";
import type { Commands } from "../command";
import { EXIT, usageError } from "../errors";
import { percent, SCOPE, SCOPE_USAGE, scopeOf, seconds } from "./metrics";

const PLACE = { project: { type: "string" }, app: { type: "string" } } as const;
const placeOf = (flags: Flags) => ({ project: text(flags, "project"), app: text(flags, "app") });

function metricOf(word: string): TargetMetric & { key: TargetKey } {
  const found = TARGET_METRICS.find((metric) => metric.key === word);
  if (!found) throw usageError(`There is no metric ${word}.`, `Metrics: ${TARGET_METRICS.map((metric) => metric.key).join(", ")}`);
  return found;
}

function said({ unit }: Pick<TargetMetric, "unit">, value: number | null): string {
  if (value === null) return "–";
  return unit === "s" ? seconds(value) : unit === "share" ? percent(value) : String(Number(value.toFixed(2)));
}

/** The row's value as the metric has it: seconds, or what a rate counts it as. */
const counted = (metric: MetricKey, value: number | null): string =>
  value === null ? "–" : metric === "leadTime" || metric === "recoveryTime" ? seconds(value) : String(value);

export const improvementCommands: Commands = {
  "metrics rows": {
    usage: `metrics rows METRIC ${SCOPE_USAGE}`,
    summary: "The deployments and commits behind a metric, and what was left out",
    options: SCOPE,
    async run({ client, out, flags, positionals }) {
      const [word = ""] = expectWords(positionals, ["METRIC"], `metrics rows METRIC ${SCOPE_USAGE}`);
      const metric = METRIC_KEYS.find((key) => key === word);
      if (!metric) throw usageError(`There is no metric ${word}.`, `Metrics: ${METRIC_KEYS.join(", ")}`);
      const rows = await client.metrics.rows.query({ ...scopeOf(flags), metric, limit: 1000 });
      out.document(rows);
      out.line(`${rows.n} counted of ${rows.total} looked at, ${rows.definition}`);
      out.table(
        ["DEPLOYMENT", "LIVE", "VALUE", "LEFT OUT", "WHY FAILED"],
        rows.items.map((row) => [
          `${row.app} #${row.number ?? "?"}${row.commit ? ` ${row.commit.slice(0, 10)}` : ""}`,
          row.liveAt?.slice(0, 16) ?? "–",
          counted(metric, row.value),
          row.reason?.replaceAll("_", " ") ?? "",
          row.failure ?? "",
        ]),
      );
      if (rows.nextCursor !== null) out.line(`The first ${rows.items.length} are shown.`);
      return EXIT.done;
    },
  },
  "target list": {
    usage: `target list ${SCOPE_USAGE}`,
    summary: "Each metric's target, its figure and the gap",
    options: SCOPE,
    async run({ client, out, flags, positionals }) {
      expectWords(positionals, [], `target list ${SCOPE_USAGE}`);
      const list = await client.targets.list.query(scopeOf(flags));
      out.document(list);
      out.table(
        ["METRIC", "TARGET", "NOW", "N", "GAP", "SET"],
        list.items.map((row) => [
          row.key,
          row.target === null ? "–" : `${row.wanted === "less" ? "<=" : ">="} ${said(row, row.target)}`,
          row.current === null ? (row.missing ?? "–") : said(row, row.current),
          String(row.n),
          row.isMet === null ? "–" : row.isMet ? "met" : said(row, row.gap),
          row.level ?? "–",
        ]),
      );
      return EXIT.done;
    },
  },
  "target set": {
    usage: "target set METRIC VALUE [--project P | --app P/A]",
    summary: "Set a target: 5m, 2h 30m; 95 for a share in percent",
    options: PLACE,
    async run({ client, out, flags, positionals }) {
      const [word = "", value = ""] = expectWords(positionals, ["METRIC", "VALUE"], "target set METRIC VALUE [--project P | --app P/A]");
      const metric = metricOf(word);
      const read = readValue(metric.unit, value);
      if (read === null) throw usageError(`${value} is no value of ${metric.name}.`, `Write it ${valueHint[metric.unit]}.`);
      const set = await client.targets.set.mutate({ metric: metric.key, value: read, ...placeOf(flags) });
      out.document(set);
      out.line(`${metric.name}: ${metric.wanted === "less" ? "at most" : "at least"} ${said(metric, set.value)}.`);
      return EXIT.done;
    },
  },
  "target clear": {
    usage: "target clear METRIC [--project P | --app P/A]",
    summary: "Take an own target back",
    options: PLACE,
    async run({ client, out, flags, positionals }) {
      const [word = ""] = expectWords(positionals, ["METRIC"], "target clear METRIC [--project P | --app P/A]");
      const cleared = await client.targets.clear.mutate({ metric: metricOf(word).key, ...placeOf(flags) });
      out.document(cleared);
      out.line("Taken back.");
      return EXIT.done;
    },
  },
  "experiment list": {
    usage: "experiment list",
    summary: "Experiments and what they have shown",
    async run({ client, out, positionals }) {
      expectWords(positionals, [], "experiment list");
      const list = await client.experiments.list.query();
      out.document(list);
      out.table(
        ["HYPOTHESIS", "METRIC", "DAYS", "VERDICT"],
        list.items.map((one) => [one.hypothesis.slice(0, 60), one.metric, `${one.startsOn} – ${one.endsOn}`, one.verdict.said]),
      );
      return EXIT.done;
    },
  },
};
