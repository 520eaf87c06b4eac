import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { serverFiles } from "../support/git-repository";
import { type Journey, openJourney } from "../support/journey";
import { checkPage, watchPages } from "../support/page-checks";
import { untilEnded } from "../support/platform";

let journey: Journey;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
let app: { id: string };
let second: { id: string; number: number };
let errors: string[];

/** Real deployments: five good ones, the fifth of which is rolled back. */
beforeAll(async () => {
  journey = await openJourney("measured");
  const made = await journey.newApp("shop", serverFiles("one"), { bakeS: 0 });
  app = made.app;
  await made.deploy();
  for (const word of ["two", "three", "four", "five"]) {
    made.repository.commit({ "server.js": `require('node:http').createServer((q, r) => r.end('${word}')).listen(process.env.PORT, '0.0.0.0');` }, word);
    second = await made.deploy();
  }
  await journey.platform.client.deployments.rollback.mutate({ app: app.id }).then(({ id }) => untilEnded(journey.platform, id));
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(10_000);
  errors = await watchPages(browser.context);
  const { admin, dashboard } = journey.platform.up;
  await page.goto(`${dashboard}/sign-in`);
  await page.fill("input[name=email]", admin.email);
  await page.fill("input[type=password]", admin.password);
  await page.click("button[type=submit]");
  await page.waitForURL(`${dashboard}/`);
});
afterAll(async () => {
  await browser?.close();
  await journey.close();
});
const at = (place: string) => `${journey.platform.up.dashboard}${place}`;

test("the first page answers whether we get faster; from the change fail rate one comes to the failing deployment and its arithmetic", async () => {
  await checkPage(page, at("/"));
  await page.getByRole("heading", { name: "Are we getting faster?" }).waitFor();
  await page.goto(at(`/streams?project=${journey.project}`));
  await page.getByRole("link", { name: "Change fail rate" }).click();
  await page.getByText("1 ÷ 5 = 20.0").waitFor();
  const rows = page.locator("#rows tbody tr");
  expect(await rows.count()).toBe(6);
  expect(await rows.first().textContent()).toMatch(new RegExp(`shop #${second.number}.*failed.*Rolled back`));
  const dora = await journey.platform.client.metrics.dora.query({ project: journey.project });
  expect(dora.changeFailRate).toMatchObject({ numerator: 1, denominator: 5 });
  await rows.first().getByRole("link").click();
  await page.waitForURL(new RegExp(second.id));
  await page.getByText("counts as failed").waitFor();
});

test("a person’s word goes before what was measured, with its reason; taken back, what is measured counts again", async () => {
  await page.goto(at(`/deployments/${second.id}`));
  await page.locator("summary", { hasText: "Mark as not failed" }).click();
  await page.getByLabel("Why").fill("the rollback was a drill");
  await page.getByRole("button", { name: "Mark as not failed" }).click();
  await page.getByText("does not count as failed").waitFor();
  await page.getByText("A person said so: the rollback was a drill").waitFor();
  expect((await journey.platform.client.metrics.dora.query({ project: journey.project })).changeFailRate.numerator).toBe(0);
  await shoot(page, "measured-marked");
  await page.locator("summary", { hasText: "Take that back" }).click();
  await page.getByLabel("Why").first().fill("it was none after all");
  await page.getByRole("button", { name: "Take that back" }).click();
  await page.getByText("counts as failed", { exact: true }).waitFor();
  expect((await journey.platform.client.metrics.dora.query({ project: journey.project })).changeFailRate.numerator).toBe(1);
});

test("what a deployment may be expected to take is said before it, and what builds are made of", async () => {
  await checkPage(page, at(`/apps/${app.id}`));
  const said = await page.locator(".expected").textContent();
  const { duration, n } = await journey.platform.client.metrics.prediction.query({ app: app.id });
  expect(n).toBe(5);
  expect(duration.p50).toBeGreaterThan(0);
  expect(said).toMatch(/A deployment usually takes .*\ss.*from 5 deployments/);
  await checkPage(page, at(`/streams/builds?project=${journey.project}`));
  expect(await page.locator(".tiles").first().textContent()).toContain("5 builds");
  const steps = await page.getByRole("table", { name: "Steps of builds" }).locator("tbody tr").count();
  expect((await journey.platform.client.metrics.builds.query({ project: journey.project })).steps.length).toBe(steps);
  expect(steps).toBeGreaterThan(1);
  await shoot(page, "measured-builds");
});

test("the map of real runs: a box leads to them, and its queue is replayed", async () => {
  await checkPage(page, at(`/streams/map?project=${journey.project}`));
  await page.locator(".map").getByRole("link", { name: "Release" }).click();
  await page.getByRole("heading", { name: "What is behind Release?" }).waitFor();
  expect(await page.getByRole("table", { name: "Runs of Release" }).locator("tbody tr").count()).toBe(6);
  const map = await journey.platform.client.metrics.map.query({ project: journey.project });
  expect(map.replay?.[0]?.slots).toBeGreaterThan(0);
  await shoot(page, "measured-map");
});

test("no page wrote an error to the console", () => {
  expect(errors).toEqual([]);
});
