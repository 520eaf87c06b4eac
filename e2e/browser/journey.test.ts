import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { SERVER, serverFiles, startGitServer, type TestRepository } from "../support/git-repository";
import { ask, openPlatform, type Platform, startLoad } from "../support/platform";

let platform: Platform;
let git: Awaited<ReturnType<typeof startGitServer>>;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
let repository: TestRepository;
const project = `browser-${randomBytes(3).toString("hex")}`;
const errors: string[] = [];
const connections = new Set<string>();

beforeAll(async () => {
  platform = openPlatform();
  git = await startGitServer();
  repository = git.repository(project, serverFiles("first"));
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) errors.push(message.text());
  });
  page.on("request", (request) => {
    if (request.url().includes("/api/trpc/live.watch")) connections.add(request.url());
  });
});
afterAll(async () => {
  await browser.close();
  await platform.client.projects.delete.mutate({ project });
  await git.close();
});

const state = (words: RegExp) => page.locator("header.head .state").filter({ hasText: words }).first().waitFor();

test("sign in → create project → create application → deploy → watch it live → break it → read the error → roll back", async () => {
  await page.goto(platform.up.dashboard);
  await page.locator("input[name=email]").fill(platform.up.admin.email);
  await page.locator("input[type=password]").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The e-mail address or the password is wrong.").waitFor();
  expect(await page.locator("input[name=email]").inputValue()).toBe(platform.up.admin.email);
  await shoot(page, "sign-in");
  await page.locator("input[type=password]").fill(platform.up.admin.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Is everything up?" }).waitFor();
  await shoot(page, "overview-demo");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Projects" }).click();
  await page.getByRole("heading", { name: "Projects", level: 1 }).waitFor();
  await shoot(page, "projects");

  await page.getByRole("link", { name: "New project" }).click();
  await page.getByLabel("Name", { exact: true }).fill(project);
  await page.getByRole("button", { name: "Create project" }).click();
  await page.getByRole("heading", { name: "New application" }).waitFor();
  await page.getByLabel("Name", { exact: true }).fill("web");
  await page.getByLabel("Git URL").fill(repository.url);
  await shoot(page, "new-application");
  await page.getByRole("button", { name: "Create application" }).click();
  await page.getByRole("heading", { name: "web", level: 1 }).waitFor();
  await shoot(page, "application-new");

  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await page.waitForURL(/\/deployments\//);
  await state(/Live/);
  await page.reload();
  await state(/Live/);
  await shoot(page, "deployment");
  const { items } = await platform.client.apps.list.query({ project });
  const app = items[0];
  if (!app?.url) throw new Error("the application has no address");
  expect((await ask(app.url)).body).toContain("first");

  repository.commit({ "server.js": SERVER("second") }, "Say second");
  await page.goto(`${platform.up.dashboard}/apps/${app.id}`);
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await page.waitForURL(/\/deployments\//);
  await state(/Live/);

  const load = startLoad(app.url, 20);
  repository.commit({ "server.js": 'console.error("DATABASE_URL is not set"); process.exit(1);' }, "Break it");
  await page.goto(`${platform.up.dashboard}/apps/${app.id}`);
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await page.waitForURL(/\/deployments\//);
  await state(/Failed/);
  await page.getByText("DATABASE_URL is not set").first().waitFor();
  await page
    .getByText(/ended with status 1/)
    .first()
    .waitFor();
  await shoot(page, "deployment-failed");

  await page.goto(`${platform.up.dashboard}/apps/${app.id}`);
  await shoot(page, "application");
  await page.getByRole("button", { name: "Roll back" }).click();
  await page.waitForURL(/\/deployments\//);
  await state(/Live/);
  expect((await ask(app.url)).body).toContain("first");
  expect((await load.stop()).failures).toEqual([]);

  for (const tab of ["deployments", "logs", "environment", "domains", "deliveries", "settings"]) {
    await page.goto(`${platform.up.dashboard}/apps/${app.id}/${tab}`);
    await page.getByRole("heading", { name: "web", level: 1 }).waitFor();
    await shoot(page, `application-${tab}`);
  }
  expect(errors).toEqual([]);
  expect(connections.size).toBeGreaterThan(0);
});
