import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { type FreshTeam, openFreshTeam } from "../support/fresh-team";
import { incidentTimeLines, mapLines, rollbackLines, toNdjson } from "../support/golden-events";
import { checkPage, watchPages } from "../support/page-checks";
import { openPlatform, type Platform } from "../support/platform";
import { twoPeriodLines } from "../support/two-periods";

let platform: Platform;
let team: FreshTeam;
let token: string;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
let errors: string[];
const suffix = randomBytes(3).toString("hex");
const named = (name: string) => `improve-${name}-${suffix}`;
const at = (place: string) => `${platform.up.dashboard}${place}`;
const MARCH = "from=2026-03-01&to=2026-03-31";
const of = (view: string, name: string, more = "") => at(`/streams/${view}?project=${named(name)}&${MARCH}${more}`);
/** What the public API answers to the team's own token. */
const api = async (place: string) => {
  const answer = await fetch(at(place), { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status, place).toBe(200);
  return answer;
};

beforeAll(async () => {
  platform = openPlatform();
  team = await openFreshTeam(platform);
  token = (await team.client.tokens.create.mutate({ name: "improve", scopes: ["*"] })).token;
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(10_000);
  errors = await watchPages(browser.context);
  await browser.context.addCookies([team.cookie]);
});
afterAll(async () => {
  await browser.close();
  await team.close();
});

describe("a team that has nothing yet", () => {
  test.each([
    ["lead-time", "Nothing was deployed here yet"],
    ["quality", "Nothing to judge in this period"],
    ["builds", "Nothing was built in this period"],
  ])("%s says what it is for", async (view, heading) => {
    await checkPage(page, at(`/streams/${view}`));
    await page.getByRole("heading", { name: heading }).waitFor();
  });

  test("targets have the usual ones, experiments teach, the quick check asks", async () => {
    await checkPage(page, at("/streams/targets"));
    await page.getByText("No figure of this period can be held against a target yet.").waitFor();
    expect(await page.locator("#successRate").textContent()).toContain("95.0");
    await checkPage(page, at("/streams/experiments"));
    await page.getByText("No experiment yet.").waitFor();
    await shoot(page, "improve-experiments-none");
    await checkPage(page, at("/streams/quick-check"));
    await page.getByText("5 of 5 answers are not known").waitFor();
  });

  test("a metric that is none is not found; a project that is none says so and keeps the form", async () => {
    expect((await page.goto(at("/streams/velocity")))?.status()).toBe(404);
    expect((await page.goto(at("/streams/lead-time?project=nowhere")))?.status()).toBe(404);
    await page.getByRole("alert").getByText("nowhere").first().waitFor();
    expect((await page.goto(at("/streams/experiments/00000000-0000-0000-0000-000000000000")))?.status()).toBe(404);
  });
});

describe("with two months of history", () => {
  beforeAll(async () => {
    const lines = [
      ...twoPeriodLines(named("months")),
      ...rollbackLines(named("back")),
      ...mapLines(named("map")),
      ...incidentTimeLines(named("incidents")),
      { kind: "commit", project: named("odd"), app: "web", sha: "one", authoredAt: "2026-03-02T10:00:00Z", author: "=HYPERLINK(1)" },
    ];
    const answer = await fetch(at("/api/v1/import"), {
      method: "POST",
      headers: { "content-type": "application/x-ndjson", authorization: `Bearer ${token}` },
      body: toNdjson(lines),
    });
    expect(await answer.json()).toMatchObject({ accepted: lines.length, rejected: [] });
  });

  test("a metric in depth: figure, charts with their tables, arithmetic, and as many rows as n", async () => {
    await checkPage(page, of("lead-time", "months"));
    await page.locator(".chart svg.recharts-surface").first().waitFor();
    expect(await page.locator(".tiles").first().textContent()).toMatch(/4h\s12m.*49.%.*better.*24 commits/);
    await page.getByText("Yes, from the week of 1 Mar.").waitFor();
    await page.getByText("0.5 × (24 − 1) = 11.5").waitFor();
    expect(await page.locator("#rows tbody tr").count()).toBe(24);
    await page.getByText("Table: Change lead time by week").locator("..").click();
    await page.getByRole("table", { name: "Change lead time by week" }).waitFor();
    expect(await page.locator(".ask .call").textContent()).toContain(
      `/api/v1/metrics/dora?project=${named("months")}&from=2026-03-01&to=2026-04-01&tz=UTC&samples=true`,
    );
    await shoot(page, "improve-lead-time");
    await page.getByRole("navigation", { name: "By" }).getByRole("link", { name: "day" }).click();
    await page.waitForURL(/grain=day/);
    await page.getByRole("heading", { name: "How does it move?" }).waitFor();
  });

  test("from the change fail rate to the failing deployment, and to its arithmetic", async () => {
    await page.goto(at(`/streams?project=${named("back")}&${MARCH}`));
    await page.getByRole("link", { name: "Change fail rate" }).click();
    await page.waitForURL(/\/streams\/change-fail-rate\?/);
    await page.getByText("1 ÷ 3 = 33.3").waitFor();
    const rows = page.locator("#rows tbody tr");
    expect(await rows.count()).toBe(4);
    expect(await rows.first().textContent()).toMatch(/#2.*failed.*Rolled back/);
    expect(await rows.last().textContent()).toContain("left out: a rollback brings no new commit");
    await shoot(page, "improve-change-fail-rate");
    await page.getByLabel("Rollbacks").selectOption("in");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("1 ÷ 4 = 25.0").waitFor();
    await rows.first().getByRole("link").click();
    await page.waitForURL(/\/deployments\//);
    await page.getByText("#2").first().waitFor();
  });

  test("CSV says what the API says", async () => {
    await page.goto(of("change-fail-rate", "months"));
    const link = page.getByRole("link", { name: /^CSV of all/ });
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const csv = await new Response((await download.createReadStream()) as unknown as ReadableStream).text();
    const rows = csv.trimEnd().split("\r\n");
    const { items, n } = (await (
      await api(`/api/v1/metrics/rows/changeFailRate?project=${named("months")}&from=2026-03-01&to=2026-04-01&limit=1000`)
    ).json()) as {
      items: { deployment: string; value: number | null }[];
      n: number;
    };
    expect(rows[0]).toBe("deployment,app,number,live_at,commit,value,left_out,failure");
    expect(rows.slice(1).map((row) => row.split(",")[0])).toEqual(items.map((item) => item.deployment));
    expect(items.filter((item) => item.value !== null)).toHaveLength(n);
    const series = await api(`/api/v1/metrics/detail/leadTime?project=${named("months")}&from=2026-03-01&to=2026-04-01&grain=day&format=csv`);
    expect(series.headers.get("content-type")).toContain("text/csv");
    expect((await series.text()).trimEnd().split("\r\n")).toHaveLength(32);
  });

  test("a target is changed in its row, for this project; what is no value is refused beside it", async () => {
    await checkPage(page, of("targets", "months"));
    const row = page.locator("#changeFailRate");
    expect(await row.textContent()).toMatch(/≤ 10\.0.%.*usual.*8\.3.%.*met/);
    await row.getByText("Change the target").click();
    await row.getByLabel("Change fail rate, for this project").fill("soon");
    await row.getByRole("button", { name: "Set target" }).click();
    await row.getByRole("alert").getByText("That is no value.").waitFor();
    await shoot(page, "improve-target-refused");
    await row.getByLabel("Change fail rate, for this project").fill("5 %");
    await row.getByRole("button", { name: "Set target" }).click();
    await page.getByText("the target is 5.0").first().waitFor();
    expect(await row.textContent()).toMatch(/≤ 5\.0.%.*set for this project.*3\.3 points off/);
    const { items } = (await (await api(`/api/v1/targets?project=${named("months")}`)).json()) as { items: { key: string; target: number; level: string }[] };
    expect(items.find((one) => one.key === "changeFailRate")).toMatchObject({ target: 0.05, level: "project" });
    await shoot(page, "improve-targets");
    await page.goto(of("change-fail-rate", "months"));
    expect(await page.locator(".tiles").first().textContent()).toMatch(/Target ≤ 5\.0.%.*missed/);
  });

  test("an outcome and an experiment for it are made by forms; the verdict is plain", async () => {
    await checkPage(page, at("/streams/outcomes/new"));
    await page.getByLabel("Outcome").fill("Commits are live within six hours");
    await page.getByLabel("Measured by").selectOption("leadTime");
    await page.getByLabel("To reach").fill("six hours");
    await page.getByLabel("Where").selectOption(named("months"));
    await page.getByRole("button", { name: "Keep outcome" }).click();
    await page.getByText("Write it such as 90s").waitFor();
    await page.getByLabel("To reach").fill("6h");
    await page.getByRole("button", { name: "Keep outcome" }).click();
    await page.waitForURL(/\/streams\/experiments$/);
    await page.getByText("Change lead time ≤ 6h").waitFor();

    await page.getByRole("link", { name: "New experiment" }).click();
    await page.waitForURL(/experiments\/new/);
    await checkPage(page, page.url());
    await page.getByLabel("Hypothesis").fill("Two build slots halve the wait");
    await page.getByLabel("The change", { exact: true }).fill("2 build slots");
    await page.getByLabel("Where").selectOption(named("months"));
    await page.getByLabel("First day of the change").fill("2026-03-01");
    await page.getByLabel("Last day looked at").fill("2026-02-01");
    await page.getByLabel("For the outcome").selectOption({ label: "Commits are live within six hours" });
    await page.getByRole("button", { name: "Begin experiment" }).click();
    await page.getByRole("alert").getByText("The experiment ends before it begins.").waitFor();
    expect(await page.getByLabel("Hypothesis").inputValue()).toBe("Two build slots halve the wait");
    await page.getByLabel("Last day looked at").fill("2026-03-31");
    await page.getByRole("button", { name: "Begin experiment" }).click();
    await page.getByText("Change lead time is better, and it is unlikely to be chance").waitFor();
    await checkPage(page, page.url());
    await page.locator(".chart svg.recharts-surface").first().waitFor();
    await page.getByLabel("Conclusion").fill("Keep both slots.");
    await page.getByRole("button", { name: "Keep conclusion" }).click();
    await page.getByText("Keep both slots.").waitFor();
    await shoot(page, "improve-experiment");
    await checkPage(page, at("/streams/experiments"));
    expect(await page.getByRole("row", { name: /Two build slots/ }).textContent()).toContain("better");
    await shoot(page, "improve-experiments");
  });

  test("quick check: the figures answer, a person may; the score is their mean", async () => {
    await checkPage(page, of("quick-check", "months"));
    await page.getByText("1 of 5 answers is not known").waitFor();
    await page.getByLabel("How long does it take to recover from a failed deployment?").selectOption("6");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("(8.0 + 6.0 + 10.0 + 9.2 + 9.6) ÷ 5").waitFor();
    await shoot(page, "improve-quick-check");
  });

  test("data quality: scores, reasons, applications", async () => {
    await checkPage(page, of("quality", "months"));
    expect(await page.getByRole("table", { name: "Quality of each metric" }).textContent()).toContain("1 × a rollback brings no new commit");
    await page.getByText(`${named("months")}/shop-api`).waitFor();
    await shoot(page, "improve-quality");
  });

  test("a box of the map opens the runs behind it; a step that people add stands beside what is measured", async () => {
    await checkPage(page, of("map", "map"));
    await page.locator(".map").getByRole("link", { name: "Build" }).click();
    await page.getByRole("heading", { name: "What is behind Build?" }).waitFor();
    const runs = page.getByRole("table", { name: "Runs of Build" }).locator("tbody tr");
    expect(await runs.count()).toBe(1);
    expect(await runs.first().textContent()).toMatch(/2m\s00s/);
    await page.getByText("Add a step").click();
    await page.getByLabel("Step", { exact: true }).fill("Review");
    await page.getByLabel("Worked on it").fill("1h");
    await page.getByLabel("Waited for it").fill("1d");
    await page.getByRole("button", { name: /^Add step/ }).click();
    await page.getByText("Added Review to the map.").first().waitFor();
    expect(await page.locator(".map .is-manual").textContent()).toMatch(/Review.*1h.*1d.*as people say/);
    await page.getByText(/1d\s1h as people say, beside 8m\s30s measured/).waitFor();
    await shoot(page, "improve-map");
    await page.getByRole("button", { name: "Remove Review" }).click();
    await page.getByText("The step was removed.").first().waitFor();
  });

  test("the incident and onboarding streams: figures, map, funnel", async () => {
    await checkPage(page, of("map", "incidents", "&stream=incident"));
    expect(await page.locator(".map").textContent()).toMatch(/Acknowledge/);
    expect(await page.locator(".tiles").first().textContent()).toMatch(/n too small: 2 of 5.*33\.3/);
    await shoot(page, "improve-incidents");
    await checkPage(page, at("/streams/map?stream=onboarding"));
    await page.getByRole("heading", { name: "Where do people stop?" }).waitFor();
  });

  test("without scripts every figure is there, in tables; targets can be set", async () => {
    const plain = await openBrowser({ hasScripts: false });
    try {
      plain.page.setDefaultTimeout(10_000);
      await plain.context.addCookies([team.cookie]);
      await plain.page.goto(of("lead-time", "months"));
      await plain.page.getByText("Charts are drawn by scripts.").first().waitFor();
      await plain.page.getByText("Table: Control chart").locator("..").click();
      expect(await plain.page.getByRole("table", { name: /^Control chart/ }).textContent()).toContain("signal");
      await plain.page.goto(of("targets", "months"));
      const row = plain.page.locator("#reworkRate");
      await row.getByText("Change the target").click();
      await row.getByLabel("Rework rate, for this project").fill("3");
      await row.getByRole("button", { name: "Set target" }).click();
      expect(await plain.page.locator("#reworkRate").textContent()).toContain("set for this project");
    } finally {
      await plain.close();
    }
  });
});

test("no page wrote an error to the console", () => {
  expect(errors).toEqual([]);
});
