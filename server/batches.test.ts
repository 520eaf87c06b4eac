import { expect, test } from "vitest";
import { createBatches } from "./batches";

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

test("the first begins at once; those that come meanwhile are one batch; another key does not wait", async () => {
  const seen: [string, number[]][] = [];
  const add = createBatches<number, number>(async (key, items, answer) => {
    seen.push([key, items]);
    await turn();
    for (const [index, item] of items.entries()) answer(index, item * 10);
  });
  const answers = await Promise.all([add("a", 1), add("a", 2), add("b", 9), add("a", 3)]);
  expect(answers).toEqual([10, 20, 90, 30]);
  expect(seen).toEqual([
    ["a", [1]],
    ["b", [9]],
    ["a", [2, 3]],
  ]);
});

test("one that cannot be done is refused alone, and one that was answered early stays answered", async () => {
  const add = createBatches<string, string>(async (_key, items, answer) => {
    await turn();
    for (const [index, item] of items.entries()) if (item === "early") answer(index, "early");
    if (items.includes("bad")) throw new Error("bad");
    for (const [index, item] of items.entries()) answer(index, `done ${item}`);
  });
  const results = await Promise.allSettled(["first", "early", "bad", "good"].map((item) => add("a", item)));
  expect(results.map((one) => (one.status === "fulfilled" ? one.value : (one.reason as Error).message))).toEqual(["done first", "early", "bad", "done good"]);
});

test("more than fifty go in several batches, and an item that is forgotten is an error", async () => {
  const sizes: number[] = [];
  const add = createBatches<number, number>(async (_key, items, answer) => {
    sizes.push(items.length);
    await turn();
    for (const [index, item] of items.entries()) if (item !== 100) answer(index, item);
  });
  const results = await Promise.allSettled(Array.from({ length: 101 }, (_, n) => add("a", n)));
  expect(sizes).toEqual([1, 50, 50]);
  expect(results.filter((one) => one.status === "rejected")).toHaveLength(1);
});
