import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { SERVER, serverFiles } from "../support/git-repository";
import { type Journey, openJourney } from "../support/journey";
import { checkPage, reachByTab, watchPages } from "../support/page-checks";
import { ask } from "../support/platform";

let journey: Journey;
let made: Awaited<ReturnType<Journey["newApp"]>>;
beforeAll(async () => {
  journey = await openJourney("trial");
  made = await journey.newApp("shop", serverFiles("one"), { drainS: 1 });
  await made.deploy();
  made.repository.commit({ "server.js": SERVER("two") }, "A shorter way to pay");
  await made.deploy();
});
afterAll(() => journey.close());

const place = () => `${journey.platform.up.dashboard}/apps/${made.app.id}`;

async function signIn(page: Page): Promise<void> {
  const { admin, dashboard } = journey.platform.up;
  page.setDefaultTimeout(15_000);
  await page.goto(`${dashboard}/sign-in`);
  await page.getByLabel("E-mail").fill(admin.email);
  await page.getByLabel("Password").fill(admin.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${dashboard}/`);
}

test("a trial is started, watched and ended on the application's page", async () => {
  const { context, page, close } = await openBrowser();
  const errors = await watchPages(context);
  await signIn(page);
  await checkPage(page, place());
  await reachByTab(page, "Try a release on part of the traffic");
  await page.keyboard.press("Enter");
  await shoot(page, "application-trial-start");
  await page.getByLabel("Always with the header").fill("X-Trial");
  await page.getByLabel("The header’s value").fill("a`b");
  await page.getByRole("button", { name: "Start trial" }).click();
  await page.getByText("A header's value has up to 200 letters").first().waitFor();
  expect(await page.getByLabel("Always with the header").inputValue()).toBe("X-Trial");
  await shoot(page, "application-trial-refused");
  await page.getByLabel("The header’s value").fill("yes");
  await page.getByLabel("Share of all requests, per cent").fill("20");
  await page.getByRole("button", { name: "Start trial" }).click();
  await page.getByRole("button", { name: "Promote release 1" }).waitFor({ timeout: 30_000 });
  expect((await ask(made.url, { headers: { "x-trial": "yes" } })).body).toContain("one");
  for (let n = 0; n < 200; n++) await ask(made.url);
  // the count arrives by itself
  await page
    .getByText(/^\d+, 0\u202f% errors$/)
    .first()
    .waitFor({ timeout: 20_000 });
  await checkPage(page, place());
  await reachByTab(page, "Promote release 1");
  expect(await page.getByRole("img", { name: "Slot b takes 80 per cent of the traffic, slot a 20" }).count()).toBe(1);
  await shoot(page, "application-trial");
  await page.getByLabel("Share, per cent").fill("40");
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("img", { name: "Slot b takes 60 per cent of the traffic, slot a 40" }).waitFor();
  expect(await journey.platform.client.traffic.read.query({ app: made.app.id })).toMatchObject({ split: { weight: 40, header: { name: "X-Trial" } } });
  await page.getByRole("button", { name: "End trial" }).click();
  await page.getByText("Release 2 has all the traffic again.", { exact: true }).waitFor();
  await page.getByText("Try a release on part of the traffic").waitFor();
  // a container that comes or goes changes the machine's network, and Chromium begins again what it was loading
  expect(errors.filter((error) => !error.includes("ERR_NETWORK_CHANGED"))).toEqual([]);
  await close();
});

test("without scripts: a mirror is started, and its release promoted", async () => {
  const { page, close } = await openBrowser({ hasScripts: false });
  await signIn(page);
  await page.goto(place());
  await page.getByText("Try a release on part of the traffic").click();
  await page.getByText("Copies, answers thrown away").click();
  await page.getByLabel("Copied requests, per cent").fill("10");
  await page.getByRole("button", { name: "Start trial" }).click();
  await page.getByText("are copied to release 1").waitFor();
  await shoot(page, "application-mirror");
  await page.getByRole("button", { name: "Promote release 1" }).click();
  await page.waitForURL(/\/deployments\//);
  await page.getByRole("heading", { name: /^Promote (a release|release 1)$/ }).waitFor();
  await expect.poll(async () => (await ask(made.url)).body.trim(), { timeout: 20_000 }).toBe("one");
  await close();
});
