// @ts-check
/** Renders docs/reliability.md from what the fault tests wrote: `node deploy/test/reliability-page.mjs`. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {{ group: string, case: string, sent: number, failed: number, toLeaseS: number | null, toEndS: number | null, end: string }} Fact */

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const seconds = (/** @type {number | null} */ value) => (value === null ? "–" : value.toFixed(1));
const cell = (/** @type {string} */ text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/**
 * @param {readonly Fact[]} facts
 * @param {{ date: string, machine: string }} run
 * @returns {string}
 */
export function reliabilityPage(facts, { date, machine }) {
  const groups = [...new Set(facts.map(({ group }) => group))];
  const table = (/** @type {string} */ group) => [
    `## ${group}`,
    "",
    "| case | requests sent | failed | s to a lease | s to the end | end |",
    "| --- | ---: | ---: | ---: | ---: | --- |",
    ...facts
      .filter((fact) => fact.group === group)
      .map((fact) => `| ${[cell(fact.case), fact.sent, fact.failed, seconds(fact.toLeaseS), seconds(fact.toEndS), cell(fact.end)].join(" | ")} |`),
    "",
  ];
  return [
    "# Reliability, as measured",
    "",
    "Nothing is lost: any process may be killed at any moment. Each deployment is under a live lease again within 15 s and ends, live or",
    "failed with a reason, within 30 s plus the work that remained; no request to the application fails (a restart of the engine on one node",
    "apart); never do two run for one application; nothing that nobody needs stays.",
    "",
    `The fault tests (\`e2e/faults\`) wrote these figures on ${date}, on ${machine}; \`node deploy/test/reliability-page.mjs\` made this page of them.`,
    "Each case is a real platform under a steady load of requests to the application. The seconds count from the fault; those of a bad",
    "release, of cancellations and of the pushes from the deployment, the cancellation and the first push.",
    "",
    ...groups.flatMap(table),
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const facts = JSON.parse(fs.readFileSync(path.join(root, "test-results/reliability.json"), "utf8"));
  const machine = `${os.cpus().length} cores, ${Math.round(os.totalmem() / 1024 ** 3)} GiB, shared with other tests`;
  fs.writeFileSync(path.join(root, "docs/reliability.md"), reliabilityPage(facts, { date: new Date().toISOString().slice(0, 10), machine }));
}
