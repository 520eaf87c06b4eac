import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { expectWords, type Flags, text } from "../arguments";
import { headersOf } from "../client";
import type { Commands } from "../command";
import { EXIT, problemError, usageError } from "../errors";
import { duration } from "../output";

export const SCOPE = {
  project: { type: "string" },
  app: { type: "string" },
  env: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  tz: { type: "string" },
} as const;
export const SCOPE_USAGE = "[--project P | --app A] [--env E] [--from T] [--to T] [--tz Z]";
export const scopeOf = (flags: Flags) => ({
  project: text(flags, "project"),
  app: text(flags, "app"),
  environment: text(flags, "env"),
  from: text(flags, "from"),
  to: text(flags, "to"),
  tz: text(flags, "tz"),
});
export const percent = (value: number | null) => (value === null ? "–" : `${(value * 100).toFixed(1)} %`);
export const seconds = (value: number | null) => (value === null ? "–" : duration(value));
const shares = ({ numerator, denominator, interval }: { numerator: number; denominator: number; interval: [number, number] | null }) =>
  `${numerator} of ${denominator}${interval ? `, 95 %: ${percent(interval[0])} to ${percent(interval[1])}` : ""}`;
const excluded = (counts: Record<string, number | undefined>) =>
  Object.entries(counts)
    .map(([reason, count]) => `${count} ${reason.replaceAll("_", " ")}`)
    .join(", ");

type ImportAnswer = { accepted: number; duplicates: number; rejected: { line: number; error: string }[] };

export const metricsCommands: Commands = {
  "metrics dora": {
    usage: `metrics dora ${SCOPE_USAGE}`,
    summary: "DORA's metrics",
    options: SCOPE,
    async run({ client, out, flags, positionals }) {
      expectWords(positionals, [], `metrics dora ${SCOPE_USAGE}`);
      const dora = await client.metrics.dora.query(scopeOf(flags));
      out.document(dora);
      out.line(`${dora.window.from.slice(0, 16)} to ${dora.window.to.slice(0, 16)}, ${dora.window.days} days in ${dora.window.tz}; ${dora.definition}`);
      const { deploymentFrequency: often, leadTime: lead, recoveryTime: recovery } = dora;
      out.table(
        ["METRIC", "VALUE", "FROM", "LEFT OUT"],
        [
          ["deployment frequency", often.value === null ? "–" : `${often.value.toFixed(2)} a day`, `n ${often.n}`, excluded(often.excluded)],
          ["change lead time", `p50 ${seconds(lead.p50)}, p90 ${seconds(lead.p90)}`, `n ${lead.n}`, excluded(lead.excluded)],
          ["change fail rate", percent(dora.changeFailRate.value), shares(dora.changeFailRate), excluded(dora.changeFailRate.excluded)],
          [
            "recovery time",
            `p50 ${seconds(recovery.p50)}, p90 ${seconds(recovery.p90)}`,
            `n ${recovery.n}, ${recovery.open} open`,
            excluded(recovery.excluded),
          ],
          ["rework rate", percent(dora.reworkRate.value), shares(dora.reworkRate), excluded(dora.reworkRate.excluded)],
          ["success rate", percent(dora.successRate.value), shares(dora.successRate), excluded(dora.successRate.excluded)],
        ],
      );
      return EXIT.done;
    },
  },
  "metrics map": {
    usage: `metrics map ${SCOPE_USAGE} [--stream S]`,
    summary: "The value stream map: where the time goes",
    options: { ...SCOPE, stream: { type: "string" } },
    async run({ client, out, flags, positionals }) {
      expectWords(positionals, [], `metrics map ${SCOPE_USAGE}`);
      const map = await client.metrics.map.query({ ...scopeOf(flags), ...(text(flags, "stream") ? { stream: text(flags, "stream") } : {}) });
      out.document(map);
      out.line(`${map.n} runs went live; sums over them`);
      out.table(
        ["STEP", "WORK", "WAIT", "LEAD", "%C/A", "N"],
        map.steps.map((step) => [
          step.key,
          seconds(step.processTime),
          seconds(step.waitTime),
          seconds(step.leadTime),
          percent(step.percentCompleteAccurate),
          String(step.n),
        ]),
      );
      out.line(`lead time ${seconds(map.total.leadTime)}, of it value-adding ${percent(map.total.pce)}, activity ratio ${percent(map.total.activityRatio)}`);
      if (map.bottleneck) out.line(map.bottleneck.remedy);
      return EXIT.done;
    },
  },
  import: {
    usage: "import FILE|-",
    summary: "Take in history from elsewhere, as NDJSON",
    async run({ connection, out, stdin, positionals }) {
      const [file = ""] = expectWords(positionals, ["FILE|-"], "import FILE|-");
      const source = file === "-" ? stdin : createReadStream(file);
      await new Promise<void>((resolve, reject) => {
        if (file === "-") resolve();
        else
          source
            .once("readable", resolve)
            .once("end", resolve)
            .once("error", () => reject(usageError(`${file} cannot be read.`, "Name a file of NDJSON, or - for standard input.")));
      });
      const answer = await fetch(`${connection.url.replace(/\/+$/, "")}/api/v1/import`, {
        method: "POST",
        headers: { ...headersOf(connection), "content-type": "application/x-ndjson" },
        body: Readable.toWeb(source as Readable) as ReadableStream,
        duplex: "half",
      } as RequestInit & { duplex: "half" });
      if (!answer.ok) throw problemError(answer.status, (await answer.json().catch(() => ({}))) as Record<string, unknown>);
      const result = (await answer.json()) as ImportAnswer;
      out.document(result);
      out.line(`${result.accepted} taken, ${result.duplicates} there already, ${result.rejected.length} refused`);
      for (const { line, error } of result.rejected) process.stderr.write(`line ${line}: ${error}\n`);
      return result.rejected.length === 0 ? EXIT.done : EXIT.failed;
    },
  },
};
