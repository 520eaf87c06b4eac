import { expect, test, vi } from "vitest";
import { createIdleMemory } from "./idle-memory";

test("is given back once after work, when nothing runs", async () => {
  let running = 0;
  const collect = vi.fn();
  const memory = createIdleMemory(() => running === 0, collect, 30);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  await pause(60);
  expect(collect).not.toHaveBeenCalled();
  for (let n = 0; n < 5; n++) memory.ended();
  await expect.poll(() => collect.mock.calls.length).toBe(1);
  await pause(60);
  expect(collect).toHaveBeenCalledTimes(1);
  running = 1;
  memory.ended();
  await pause(60);
  expect(collect).toHaveBeenCalledTimes(1);
  memory.ended();
  memory.close();
  running = 0;
  await pause(60);
  expect(collect).toHaveBeenCalledTimes(1);
});
