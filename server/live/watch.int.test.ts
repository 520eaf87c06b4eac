import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import type { LiveMessage } from "./router";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

/** Reads a tab's messages until one of them is as wanted. */
async function until(tab: AsyncIterator<LiveMessage[]>, isWanted: (message: LiveMessage) => boolean): Promise<LiveMessage[]> {
  const seen: LiveMessage[] = [];
  while (!seen.some(isWanted)) seen.push(...((await tab.next()).value ?? []));
  return seen;
}
const isReset = (message: LiveMessage) => message.channel === "team" && message.reset === true;

test("each tab that connects is told to read again, also while another tab of the team is connected, and both get what follows", async () => {
  const team = await t.newTeam();
  const open = async () => (await team.caller.live.watch({ channels: [{ kind: "team" }] }))[Symbol.asyncIterator]() as AsyncIterator<LiveMessage[]>;
  const first = await open();
  await until(first, isReset);
  const second = await open();
  await until(second, isReset);
  t.web.events.publish(team.ctx.team.id, { type: "nodes" });
  for (const tab of [first, second]) {
    const seen = await until(tab, (message) => message.channel === "team" && message.events.length > 0);
    expect(seen.flatMap((message) => (message.channel === "team" ? message.events : []))).toEqual([{ type: "nodes" }]);
  }
  await Promise.all([first.return?.(), second.return?.()]);
});
