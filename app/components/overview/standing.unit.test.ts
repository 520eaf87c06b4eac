import { describe, expect, test } from "vitest";
import type { AppStatus } from "../../../server/apps/schema";
import type { StandingApp } from "../../../server/overview/schema";
import { restText, standingText, targetsText } from "./standing";

const app = (name: string, status: AppStatus) => ({ name, status }) as StandingApp;
const none = { never_deployed: 0, healthy: 0, degraded: 0, down: 0, stopped: 0 };
const standing = (counts: Partial<typeof none>, listed: StandingApp[] = [], imported = 0) => {
  const all = { ...none, ...counts };
  return { counts: all, total: Object.values(all).reduce((sum, one) => sum + one, 0), listed, imported };
};

describe("whether everything is up", () => {
  test("all that are meant to be", () => {
    expect(standingText(standing({ healthy: 12 }))).toEqual({ said: "Yes.", rest: "12 of 12 run healthy." });
    expect(standingText(standing({ healthy: 1 }))).toEqual({ said: "Yes.", rest: "1 of 1 runs healthy." });
  });

  test("what is stopped or was never deployed is told apart and takes nothing from the answer", () => {
    expect(standingText(standing({ healthy: 3, stopped: 1, never_deployed: 2 }))).toEqual({
      said: "Yes.",
      rest: "3 of 3 run healthy. 1 stopped, 2 never deployed.",
    });
    expect(standingText(standing({ never_deployed: 2 }))).toEqual({ said: "Nothing is meant to run.", rest: "2 never deployed." });
  });

  test("lost replicas are not the same as down, and two are named", () => {
    expect(standingText(standing({ healthy: 11, degraded: 1 }, [app("image-resizer", "degraded")]))).toEqual({
      said: "Almost.",
      rest: "11 of 12 run healthy; image-resizer lost replicas.",
    });
    const listed = ["a", "b", "c"].map((name) => app(name, "down"));
    expect(standingText(standing({ healthy: 1, down: 3, degraded: 1 }, [...listed, app("d", "degraded")])).rest).toBe(
      "1 of 5 run healthy; a, b and 1 more are down, d lost replicas.",
    );
    expect(standingText(standing({ down: 1 }, [app("a", "down")]))).toEqual({ said: "No.", rest: "0 of 1 runs healthy; a is down." });
  });

  test("nothing at all, or only what an import told of", () => {
    expect(standingText(standing({}))).toEqual({ said: "Nothing runs here.", rest: "" });
    expect(standingText(standing({}, [], 2)).rest).toBe("2 applications are known from an import only.");
  });
});

test("what the list leaves out is counted by state", () => {
  const listed = [app("a", "down"), app("b", "healthy")];
  expect(restText(standing({ down: 1, healthy: 1 }, listed))).toBeNull();
  expect(restText(standing({ down: 1, healthy: 193 }, listed))).toEqual({ words: "192 more: 192 healthy", isWell: true });
  expect(restText(standing({ down: 3, healthy: 2, stopped: 1 }, listed))).toEqual({ words: "4 more: 2 down, 1 healthy, 1 stopped", isWell: false });
});

test("targets: those without a figure or a target are not counted", () => {
  expect(targetsText([null, null])).toBe("");
  expect(targetsText([true, null, true])).toBe("Both targets are met.");
  expect(targetsText([true, true, true])).toBe("All 3 targets are met.");
  expect(targetsText([true, false, null])).toBe("1 of 2 misses its target.");
  expect(targetsText([false, false, true])).toBe("2 of 3 miss their target.");
});
