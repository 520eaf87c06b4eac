import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { type FreshTeam, openFreshTeam } from "../support/fresh-team";
import golden from "../support/golden-cases.json";
import { attemptLines, leadTimeLines, mapLines, rollbackLines, toNdjson } from "../support/golden-events";
import { checkPage, reachByTab, watchPages } from "../support/page-checks";
import { openPlatform, type Platform } from "../support/platform";
import { twoPeriodLines } from "../support/two-periods";

let platform: Platform;
let team: FreshTeam;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
let errors: string[];
const suffix = randomBytes(3).toString("hex");
const named = (name: string) => `golden-${name}-${suffix}`;
const at = (place: string) => `${platform.up.dashboard}${place}`;
/** Days are meant with the last one: this is all of March. */
const MARCH = "from=2026-03-01&to=2026-03-31";
const dora = (name: string) => at(`/streams?project=${named(name)}&${MARCH}`);
const map = (name: string) => at(`/streams/map?project=${named(name)}&${MARCH}`);

beforeAll(async () => {
  platform = openPlatform();
  team = await openFreshTeam(platform);
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

const row = (key: string) => page.locator(`#${key}`);

test("a team that has deployed nothing is told what the pages are for", async () => {
  await checkPage(page, at("/streams"));
  await page.getByRole("heading", { name: "Nothing was deployed here yet" }).waitFor();
  await reachByTab(page, "Choose what to deploy");
  await shoot(page, "streams-none");
  await checkPage(page, at("/streams/map"));
  await page.getByRole("heading", { name: "Nothing to draw in this period" }).waitFor();
  await shoot(page, "streams-map-none");
});

describe("with golden events", () => {
  beforeAll(async () => {
    const { token } = await team.client.tokens.create.mutate({ name: "import", scopes: ["*"] });
    const lines = [
      ...leadTimeLines(named("lead")),
      ...rollbackLines(named("back")),
      ...attemptLines(named("attempts")),
      ...mapLines(named("map")),
      ...twoPeriodLines(named("months")),
    ];
    const answer = await platform.api("/api/v1/import", {
      method: "POST",
      headers: { "content-type": "application/x-ndjson", authorization: `Bearer ${token}` },
      body: toNdjson(lines),
    });
    expect(await answer.json()).toMatchObject({ accepted: lines.length, rejected: [] });
  });

  test("what is not known is said so, and never 0", async () => {
    await checkPage(page, dora("lead"));
    await row("leadTime").getByText(`n too small: ${golden.lead_time_multi_commit.expect.n} of 5`).waitFor();
    await row("leadTime").getByText("excluded: merge").waitFor();
    expect(await row("leadTime").locator(".fig").textContent()).toBe("not known");
    expect(await row("recoveryTime").locator(".fig").textContent()).toBe("not known");
    await row("changeFailRate").getByText("0 of 3").first().waitFor();
    await page.getByText("Too early to say.").waitFor();
    await shoot(page, "streams-few");
  });

  test("the change fail rate leads to what failed, why, and to the deployment", async () => {
    await checkPage(page, dora("back"));
    const { expect: wanted } = golden.rollback_blames_the_right_release;
    expect(await row("changeFailRate").locator(".fig").textContent()).toContain((wanted.cfr_excl_rollback * 100).toFixed(1));
    await row("changeFailRate").getByText("excluded: rollback").waitFor();
    await row("changeFailRate").getByRole("link", { name: "What failed: 1" }).click();
    expect(new URL(page.url()).hash).toBe("#failed");
    const failure = page.locator("#failed tbody tr");
    expect(await failure.count()).toBe(1);
    expect(await failure.textContent()).toMatch(/web #2.*Rolled back by #4\..*measured.*web #4.*1h\s30m/);
    await failure.getByRole("link").first().click();
    await page.waitForURL(/\/deployments\//);
    await page.getByText("#2").first().waitFor();
  });

  test("attempts are kept apart from changes", async () => {
    await page.goto(dora("attempts"));
    const share = (golden.attempts_versus_deployments.expect.success_rate * 100).toFixed(1);
    expect(await row("successRate").locator(".fig").textContent()).toContain(share);
    await row("successRate").getByText("excluded: superseded").waitFor();
    await row("changeFailRate").getByText("0 of 6").first().waitFor();
  });

  test("two periods: the change, its significance, and the arithmetic with the numbers", async () => {
    await checkPage(page, dora("months"));
    await row("leadTime").getByText("4h 12m").first().waitFor();
    expect(await row("leadTime").locator(".m-change").textContent()).toMatch(/↓ 49.%, better.*p < 0\.001, significant \(Mann–Whitney\)/);
    expect(await row("changeFailRate").textContent()).toMatch(/2 of 24, 2\.3–25\.8.%.*within noise, p = 0\.49 \(Fisher\)/);
    await page.getByText("Yes.", { exact: true }).waitFor();
    expect(await row("leadTime").getByRole("img").getAttribute("aria-label")).toContain("Change lead time by week");
    expect(await row("recoveryTime").getByRole("img").count()).toBe(0);
    await row("leadTime").getByText("How is this computed").click();
    await row("leadTime").getByText("0.5 × (24 − 1) = 11.5").waitFor();
    await row("changeFailRate").getByText("How is this computed").click();
    await row("changeFailRate").getByText("2 ÷ 24 = 8.3").waitFor();
    await row("changeFailRate").getByText("Fisher’s exact test, two-sided: 2 and 22 against 0 and 24").waitFor();
    expect(await page.locator("#failed tbody tr").count()).toBe(2);
    await shoot(page, "streams-dora");
  });

  test("the map: boxes, triangles, ladder, totals and the bottleneck", async () => {
    await checkPage(page, map("map"));
    const { spans, expect: wanted } = golden.value_stream_map;
    expect(await page.locator(".map > li:not(.end)").count()).toBe(spans.length);
    expect(await page.locator(".map > .w").count()).toBe(spans.filter(([, , , cls]) => cls === "wait").length);
    expect(await page.locator(".figs").textContent()).toContain((wanted.pce * 100).toFixed(1));
    expect(await page.locator(".map > .is-neck").count()).toBe(1);
    await page.getByRole("heading", { name: /^Bottleneck: / }).waitFor();
    await shoot(page, "streams-map");
    await page.setViewportSize({ width: 390, height: 844 });
    const shapes = page.locator(".map .shape");
    for (let n = 0; n < (await shapes.count()); n++) expect(await shapes.nth(n).isVisible(), `fact ${n} on a phone`).toBe(true);
    expect(await page.locator(".map .foot").count()).toBe(spans.length);
    await page.setViewportSize({ width: 1440, height: 1000 });
    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "DORA" }).click();
    await page.getByRole("heading", { name: "DORA" }).waitFor();
    expect(new URL(page.url()).searchParams.get("project")).toBe(named("map"));
  });

  test("runs that did not go live are set apart, and said", async () => {
    await page.goto(map("attempts"));
    const { superseded } = golden.attempts_versus_deployments.attempts;
    await page.getByText(new RegExp(`Set apart.*${superseded} superseded`)).waitFor();
  });

  test("a period without anything leads to the last that had something", async () => {
    await page.goto(at(`/streams?project=${named("back")}&from=2026-05-01&to=2026-05-02`));
    await page.getByRole("link", { name: "the 28 days up to then" }).click();
    await row("changeFailRate").getByText("1 of 3").first().waitFor();
    expect(await page.getByLabel("To, that day included").inputValue()).toBe("2026-03-02");
  });

  test("a project that is not there: the form stays, and says what is wrong", async () => {
    const answer = await page.goto(at(`/streams?project=nowhere-${suffix}`));
    expect(answer?.status()).toBe(404);
    await page.getByRole("alert").getByText(`nowhere-${suffix}`).first().waitFor();
    await page.getByLabel("Project").selectOption(named("lead"));
    await shoot(page, "streams-error");
    const refused = await page.goto(at("/streams?from=yesterday"));
    expect(refused?.status()).toBe(400);
    await page.getByText("Write 2026-03-01 or").waitFor();
    expect((await page.goto(at("/streams/map?tz=Nowhere/None")))?.status()).toBe(400);
    await page.getByText("Nowhere/None is no time zone.").waitFor();
  });

  test("days are in UTC until the viewer asks for their own", async () => {
    const devtools = await browser.context.newCDPSession(page);
    await devtools.send("Emulation.setTimezoneOverride", { timezoneId: "Europe/Berlin" });
    await checkPage(page, dora("back"));
    await page.getByRole("link", { name: "in Europe/Berlin" }).click();
    await page.getByText("days in Europe/Berlin").waitFor();
    await page.getByText("1 Mar – 31 Mar 2026, 31 days").waitFor();
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/environment=&/);
    expect(new URL(page.url()).searchParams.get("tz")).toBe("Europe/Berlin");
    await devtools.send("Emulation.setTimezoneOverride", { timezoneId: "" });
  });

  test("without scripts the filters work", async () => {
    const plain = await openBrowser({ hasScripts: false });
    try {
      plain.page.setDefaultTimeout(10_000);
      await plain.context.addCookies([team.cookie]);
      await plain.page.goto(at("/streams"));
      expect(await plain.page.getByLabel("From").isVisible()).toBe(false);
      await plain.page.getByLabel("Project").selectOption(named("months"));
      await plain.page.getByLabel("Period").selectOption("dates");
      await plain.page.getByLabel("From").fill("2026-03-01");
      await plain.page.getByLabel("To, that day included").fill("2026-03-31");
      await plain.page.getByRole("button", { name: "Show" }).click();
      await plain.page.locator("#leadTime").getByText("4h 12m").first().waitFor();
      await plain.page.locator("#leadTime").getByText("How is this computed").click();
      await plain.page.getByText("0.5 × (24 − 1) = 11.5").waitFor();
      expect(await plain.page.getByLabel("Application").locator("option").allTextContents()).toEqual(["all", "shop-api"]);
    } finally {
      await plain.close();
    }
  });
});

test("no page wrote an error to the console", () => {
  expect(errors).toEqual([]);
});
