// @ts-check
/** A vitest reporter: what failed, with what differed, as JSON in the file that DOKPLOY_TEST_FAILURES names. */
import fs from "node:fs";

/** @typedef {{ file: string, name: string, messages: string[], from: number, to: number }} Failure `from` and `to` in ms since 1970; 0 for what failed outside of a test */

/** The claim, what differed, and where. @param {{ message?: string, diff?: string, stacks?: { file: string, line: number }[] }} error */
const told = ({ message = "", diff, stacks }) =>
  [message, ...(diff ? [diff] : []), ...(stacks?.[0] ? [`at ${stacks[0].file}:${stacks[0].line}`] : [])].join("\n");

export default class FailureReporter {
  /** @param {readonly import("vitest/node").TestModule[]} modules */
  onTestRunEnd(modules) {
    /** @type {Failure[]} */
    const failures = modules.flatMap((module) => {
      const outside = [module, ...module.children.allSuites()].flatMap((one) =>
        one.errors().length > 0 ? [{ name: "name" in one ? one.fullName : "", messages: one.errors().map(told), from: 0, to: 0 }] : [],
      );
      const tests = [...module.children.allTests("failed")].map((test) => {
        const { startTime = 0, duration = 0 } = test.diagnostic() ?? {};
        return { name: test.fullName, messages: (test.result().errors ?? []).map(told), from: startTime, to: startTime + duration };
      });
      return [...outside, ...tests].map((one) => ({ file: module.moduleId, ...one }));
    });
    fs.writeFileSync(process.env.DOKPLOY_TEST_FAILURES ?? "test-failures.json", JSON.stringify(failures));
  }
}
