import { cores, memory, saidOf, spareOf } from "../../server/usage/notation";
import { expectWords, text } from "../arguments";
import type { Commands } from "../command";
import { EXIT, usageError } from "../errors";

const USAGE = "usage [--app A | --project P | --node N] [--from T] [--to T] [--step SECONDS]";

export const usageCommands: Commands = {
  usage: {
    usage: USAGE,
    summary: "Processor, memory, network and disk that are used, against what is given",
    options: {
      app: { type: "string" },
      project: { type: "string" },
      node: { type: "string" },
      from: { type: "string" },
      to: { type: "string" },
      step: { type: "string" },
    },
    async run({ client, out, flags, positionals }) {
      expectWords(positionals, [], USAGE);
      const step = text(flags, "step");
      if (step !== undefined && !/^\d+$/.test(step)) throw usageError(`--step is not a number of seconds: ${step}`, "Write --step 60, for instance.");
      const report = await client.usage.read.query({
        app: text(flags, "app"),
        project: text(flags, "project"),
        node: text(flags, "node"),
        from: text(flags, "from"),
        to: text(flags, "to"),
        ...(step === undefined ? {} : { step: Number(step) }),
      });
      out.document(report);
      const { total, node } = report;
      out.line(`${report.of.name}, ${report.window.from.slice(0, 16)} to ${report.window.to.slice(0, 16)} UTC`);
      if (total.cpu === null || total.memory === null) out.line("Nobody looked in this time.");
      else {
        out.line(`processor  ${cores(total.cpu)} in the mean, at most ${cores(total.cpuMost ?? 0)}${node ? ` of ${node.cores}` : ""}`);
        out.line(`memory     ${memory(total.memory)} in the mean, at most ${memory(total.memoryMost ?? 0)}${node ? ` of ${memory(node.memoryTotal)}` : ""}`);
        out.line(`network    ${memory(total.received)} in, ${memory(total.sent)} out`);
        out.line(`disk       ${memory(total.read)} read, ${memory(total.written)} written`);
      }
      out.line("");
      out.table(
        ["APPLICATION", "REPLICAS", "MEMORY", "SPARE", "PROCESSOR", "SPARE"],
        report.apps.map((one) => [
          `${one.project}/${one.name}@${one.environment}`,
          String(one.replicas),
          saidOf(one, "memory"),
          spareOf(one, "memory") ?? "–",
          saidOf(one, "cpu"),
          spareOf(one, "cpu") ?? "–",
        ]),
      );
      if (report.unsampledNodes > 0) out.line(`${report.unsampledNodes} of the nodes are not sampled yet: what runs there is missing.`);
      return EXIT.done;
    },
  },
};
