import path from "node:path";
import { defineConfig } from "vitest/config";

const alias = { "~": path.resolve(import.meta.dirname, "app") };
/** An event that is waited for may take this long where the machine is slow; one that comes is seen at once. */
const patient = { poll: { timeout: 10_000 } };
/** Most of the time these wait for a timeout, a drain or a probe: three files at once end three times as early. */
const together = { maxWorkers: 3, testTimeout: 180_000, hookTimeout: 180_000, expect: patient };
const oneAtATime = { fileParallelism: false, testTimeout: 180_000, hookTimeout: 180_000, expect: patient };

/** One project a level. `bin/test` starts what each of them stands on. */
export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["{app,server,worker,db,cli,deploy}/**/*.test.{ts,tsx,mjs}"],
          exclude: ["**/*.int.test.*", "**/node_modules/**"],
          testTimeout: 20_000,
        },
      },
      {
        resolve: { alias },
        test: { name: "integration", include: ["{app,server,worker,db,cli}/**/*.int.test.ts"], testTimeout: 30_000, hookTimeout: 60_000 },
      },
      { resolve: { alias }, test: { name: "engine", include: ["e2e/engine/**/*.test.ts"], ...together } },
      { resolve: { alias }, test: { name: "browser", include: ["e2e/browser/**/*.test.ts"], ...oneAtATime } },
      { resolve: { alias }, test: { name: "faults", include: ["e2e/faults/*.test.ts"], ...oneAtATime, testTimeout: 300_000 } },
      // what harms the engine that all homes of the machine share
      { resolve: { alias }, test: { name: "alone", include: ["e2e/faults/alone/*.test.ts"], ...oneAtATime, testTimeout: 300_000 } },
    ],
  },
});
