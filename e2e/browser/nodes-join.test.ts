import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { type Cluster, join, openCluster } from "../support/cluster";
import type { Machine } from "../support/machines";

let cluster: Cluster;
let second: Machine;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;

/** Two machines on this one, the platform on the first. The browser is opened last: it takes a new link for a change of network. */
beforeAll(async () => {
  cluster = await openCluster(2);
  second = cluster.machines[1] as Machine;
  await cluster.advertise();
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(20_000);
  const { dashboard, admin } = cluster.platform.up;
  await page.goto(`${dashboard}/nodes`);
  await page.getByLabel("E-mail").fill(admin.email);
  await page.getByLabel("Password").fill(admin.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Cluster" }).waitFor();
});
afterAll(async () => {
  await browser?.close();
  await cluster?.close();
});

const said = (text: RegExp) => page.getByText(text).first().waitFor();

test("a machine joins by the command that the page shows once, and appears by itself", async () => {
  await page.getByRole("link", { name: "Add a node" }).click();
  await page.getByRole("button", { name: "Show the command" }).click();
  const command = await page.locator(".command pre").innerText();
  expect(command).toMatch(/docker swarm join --token SWMTKN-\S+ \S+:2377$/);
  await shoot(page, "nodes-join");
  await join(second, command);
  await page.getByRole("link", { name: `Manage ${second.name}` }).waitFor();
  expect(await page.locator(".command pre").count()).toBe(1);
  await page.reload();
  expect(await page.locator(".command pre").count()).toBe(0);
});

test("its agent appears by itself, and it can be told to build", async () => {
  await page.getByRole("link", { name: `Manage ${second.name}` }).click();
  await page.locator("dd", { hasText: /^ready .*version/ }).waitFor({ timeout: 90_000 });
  await page.getByText("no images are built here").waitFor();
  await page.getByRole("button", { name: "Build images here" }).click();
  await said(/Images are built on .* too/);
  await page.getByText("images are built here", { exact: true }).waitFor();
  await page.locator("td.name .badge", { hasText: /^builds$/ }).waitFor();
  await shoot(page, "nodes-agent");
});

test("it is drained after a question, activated, drained again and removed", async () => {
  for (const isLast of [false, true]) {
    await page.locator("summary", { hasText: "Drain" }).click();
    await page.getByRole("button", { name: "Drain it" }).click();
    await page.locator("td", { hasText: /^drained$/ }).waitFor();
    if (isLast) break;
    await shoot(page, "nodes-drained");
    await page.getByRole("button", { name: "Activate" }).click();
    await said(/takes work again/);
  }
  await page.locator("summary", { hasText: "Remove" }).click();
  await page.getByRole("button", { name: "Remove it" }).click();
  await said(new RegExp(`Removed ${second.name}`));
  expect(await page.locator("table tbody tr").count()).toBe(1);
});
