import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { type FreshTeam, giveDeliveries, giveLog, openFreshTeam } from "../support/fresh-team";
import { giveHistory } from "../support/home-database";
import { checkPage, reachByTab, watchPages } from "../support/page-checks";
import { openPlatform, type Platform } from "../support/platform";

let platform: Platform;
let team: FreshTeam;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
let errors: string[];
const apps: Record<"empty" | "one" | "many", string> = { empty: "", one: "", many: "" };
const at = (place: string) => `${platform.up.dashboard}${place}`;

beforeAll(async () => {
  platform = openPlatform();
  team = await openFreshTeam(platform);
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(10_000);
  errors = await watchPages(browser.context);
});
afterAll(async () => {
  await browser.close();
  await team.close();
});

test("sign in", async () => {
  await checkPage(page, at("/sign-in"));
  await reachByTab(page, "Sign in");
  await browser.context.addCookies([team.cookie]);
});

test("a team without anything is shown the way", async () => {
  await checkPage(page, at("/projects"));
  await page.getByRole("heading", { name: "From your repository to a live address" }).waitFor();
  await reachByTab(page, "Create project");
  await shoot(page, "pages-projects-none");
  await checkPage(page, at("/settings"));
  await page.getByText("Nobody is told.").waitFor();
  await shoot(page, "pages-settings-empty");
});

test("a page that is not there", async () => {
  await checkUnwell("/nowhere");
  await checkUnwell("/apps/00000000-0000-4000-8000-000000000000");
  await shoot(page, "pages-not-found");
});

async function checkUnwell(place: string) {
  const answer = await page.goto(at(place));
  expect(answer?.status()).toBe(404);
  await page.getByText("Fix", { exact: true }).waitFor();
  await reachByTab(page, "To the projects");
}

describe("with applications", () => {
  beforeAll(async () => {
    const { client, sql } = team;
    const shop = await client.projects.create.mutate({ name: "shop" });
    await client.projects.create.mutate({ name: "nothing-yet" });
    for (const name of ["empty", "one", "many"] as const)
      apps[name] = (await client.apps.create.mutate({ name, project: "shop", git: "https://git.example.invalid/shop/a-repository-with-a-long-name.git" })).id;
    const variables = (count: number) => Array.from({ length: count }, (_, n) => ({ key: `SETTING_NUMBER_${n}`, value: `value ${n}`, secret: n % 4 === 0 }));
    const model = platform.up.demo?.deployment;
    if (!model) throw new Error("the platform has no demo");
    for (const [name, count] of [
      ["one", 1],
      ["many", 60],
    ] as const) {
      const app = apps[name];
      await client.apps.changeVariables.mutate({ app, set: variables(count), deploy: false });
      await giveHistory(sql, model, { project: shop.id, app }, count === 1 ? 1 : 30);
      await giveDeliveries(sql, app, count === 1 ? 1 : 200);
      await giveLog(sql, app, count === 1 ? 1 : 400);
    }
    for (let n = 0; n < 12; n++) await client.domains.add.mutate({ app: apps.many, host: `shop-${n}.a-long-name-of-a-customer.example.com` });
    await client.credentials.create.mutate({ name: "git-host", host: "git.example.com", generateSshKey: true });
    await client.credentials.create.mutate({ name: "registry", host: "registry.example.com", token: "x" });
    await client.tokens.create.mutate({ name: "laptop", scopes: ["*"] });
    await client.notices.set.mutate({ kind: "webhook", address: "https://chat.example.com/hooks/secret" });
  });

  test("projects, a project, a new application, settings", async () => {
    await checkPage(page, at("/projects"));
    await page.getByRole("heading", { name: "From your repository to a live address" }).waitFor();
    await reachByTab(page, "New project");
    await shoot(page, "pages-projects");
    await checkPage(page, at("/projects/shop"));
    await reachByTab(page, "New application");
    await shoot(page, "pages-project");
    await checkPage(page, at("/projects/nothing-yet"));
    await shoot(page, "pages-project-empty");
    await checkPage(page, at("/projects/shop/new"));
    await reachByTab(page, "Create application");
    await shoot(page, "pages-new-application");
    await checkPage(page, at("/settings"));
    await reachByTab(page, "Create token");
    await shoot(page, "pages-settings");
  });

  test.each([
    ["", "Deploy"],
    ["/deployments", "Deploy"],
    ["/logs", "Deploy"],
    ["/environment", "Save"],
    ["/domains", "Add domain"],
    ["/deliveries", "Deploy"],
    ["/settings", "Save source"],
  ])("an application’s page “%s” with nothing, one and many", async (place, action) => {
    for (const name of ["empty", "one", "many"] as const) {
      await checkPage(page, at(`/apps/${apps[name]}${place}`));
      if (name === "empty") await reachByTab(page, action);
      if (name !== "one") await shoot(page, `pages-app${place.replace("/", "-")}-${name}`);
    }
  });

  test("a new application says what it waits for", async () => {
    await page.goto(at(`/apps/${apps.empty}`));
    await page.getByRole("heading", { name: "Waiting for the first delivery" }).waitFor();
    expect(await page.locator(".next code").allTextContents()).toContain((await team.client.apps.read.query({ app: apps.empty })).webhook.url);
    await page.getByRole("link", { name: "Show the secret" }).click();
    await page.getByRole("link", { name: "Hide" }).waitFor();
  });
});

test("no page wrote an error to the console", () => {
  expect(errors).toEqual([]);
});
