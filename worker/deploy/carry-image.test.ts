import { expect, test } from "vitest";
import { imagesTravel, isBound } from "./carry-image";

test("an image is bound to its machine unless a registry of now has it", () => {
  const isBoundAt = (imageDigest: string | null) => isBound("10.0.0.1:5000", { appId: "a1", imageDigest });
  expect(isBoundAt(null)).toBe(true);
  expect(isBoundAt("10.0.0.1:5000/a1@sha256:ab")).toBe(false);
  expect(isBoundAt("127.0.0.1:4000/a1@sha256:ab")).toBe(true);
  expect(isBoundAt("registry.example.com/team/app@sha256:ab")).toBe(false);
});

test("nothing travels on one machine, or to a registry that others do not reach", () => {
  const worker = (count: number, REGISTRY: string) => ({ nodes: { count: () => count, ownId: () => "", refresh: async () => {} }, env: { REGISTRY } as never });
  expect(imagesTravel(worker(1, "10.0.0.1:5000"))).toBe(false);
  expect(imagesTravel(worker(2, "127.0.0.1:5000"))).toBe(false);
  expect(imagesTravel(worker(2, ""))).toBe(false);
  expect(imagesTravel(worker(2, "10.0.0.1:5000"))).toBe(true);
});
