import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { type FreshTeam, openFreshTeam } from "../support/fresh-team";
import { openPlatform, type Platform } from "../support/platform";

let platform: Platform;
let team: FreshTeam;
beforeAll(async () => {
  platform = openPlatform();
  team = await openFreshTeam(platform);
});
afterAll(() => team.close());

const at = (place: string) => `${platform.up.dashboard}${place}`;
const GIT = "https://git.example.invalid/a.git";

test("without scripts: sign in, project, application, variable, domain, deploy", async () => {
  const { page, close } = await openBrowser({ hasScripts: false });
  page.setDefaultTimeout(10_000);
  await page.goto(at("/projects"));
  await page.getByLabel("E-mail").fill(team.person.email);
  await page.getByLabel("Password").fill(team.person.password);
  await page.getByRole("button", { name: "Sign in" }).click();

  await page.getByLabel("Name", { exact: true }).fill("plain");
  await page.getByRole("button", { name: "Create project" }).click();
  await page.getByRole("heading", { name: "New application" }).waitFor();
  await page.getByLabel("Name", { exact: true }).fill("web");
  await page.getByLabel("Git URL").fill(GIT);
  await page.getByRole("button", { name: "Create application" }).click();
  await page.getByText("Created web.").waitFor();

  await page.getByRole("link", { name: "Environment", exact: true }).click();
  await page.getByLabel("New key").first().fill("GREETING");
  await page.getByLabel("New value").first().fill("hello");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText(/^Saved/).waitFor();
  expect(await page.getByLabel("Value of GREETING").inputValue()).toBe("hello");

  await page.getByRole("link", { name: "Domains", exact: true }).click();
  await page.getByLabel("Host name").fill("plain.example.com");
  await page.getByRole("button", { name: "Add domain" }).click();
  await page.getByRole("link", { name: "plain.example.com", exact: true }).waitFor();

  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await page.waitForURL(/\/deployments\//);
  const [run] = (await team.client.deployments.listAll.query({ limit: 1 })).items;
  expect(run).toMatchObject({ app: "web", trigger: "page" });
  await team.client.deployments.cancel.mutate({ deployment: run?.id ?? "" });
  await close();
});

describe("what is refused stays in the form, with what is wrong beside it", () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let page: Page;
  let app: string;
  beforeAll(async () => {
    browser = await openBrowser();
    page = browser.page;
    page.setDefaultTimeout(10_000);
    await browser.context.addCookies([team.cookie]);
    await team.client.projects.create.mutate({ name: "wrong" });
    app = (await team.client.apps.create.mutate({ name: "web", project: "wrong", git: GIT })).id;
  });
  afterAll(() => browser.close());

  const cases: { place: () => string; field: string; typed: string; button: string; said: RegExp; first?: [string, string] }[] = [
    { place: () => "/projects?new", field: "Name", typed: "Not A Name", button: "Create project", said: /Use 1 to 40 lower-case letters/ },
    {
      place: () => "/projects?new",
      field: "Name",
      typed: "wrong",
      button: "Create project",
      said: /There is a project named wrong already\..*Choose another name/,
    },
    {
      place: () => "/projects/wrong/new",
      field: "Git URL",
      typed: "ftp://git.example.com/a.git",
      button: "Create application",
      said: /Use an https:\/\//,
      first: ["Name", "api"],
    },
    {
      place: () => "/projects/wrong/new",
      field: "Git URL",
      typed: "http://git.example.com/a.git",
      button: "Create application",
      said: /Plain http is not used.*Anybody on the way.*Use https/,
      first: ["Name", "api"],
    },
    {
      place: () => `/apps/${app}/environment`,
      field: "New key",
      typed: "1BAD",
      button: "Save",
      said: /“1BAD” cannot be a key\..*A key has letters, digits and underscores.*Change it/,
    },
    { place: () => `/apps/${app}/domains`, field: "Host name", typed: "not a host", button: "Add domain", said: /This is not a host name/ },
    { place: () => `/apps/${app}/settings`, field: "Port", typed: "99999", button: "Save running", said: /65535/ },
    {
      place: () => `/apps/${app}/settings`,
      field: "Placement",
      typed: "disk==ssd, node.role==manager",
      button: "Save running",
      said: /A placement rule is node\.labels\.KEY==VALUE/,
    },
    {
      place: () => "/settings",
      field: "Credential name",
      typed: "-",
      button: "Add credential",
      said: /Use letters, digits/,
      first: ["Host", "git.example.com"],
    },
    { place: () => "/settings", field: "Expires after", typed: "soon", button: "Create token", said: /30d/, first: ["Token name", "laptop"] },
    {
      place: () => "/settings",
      field: "Address",
      typed: "http://chat.example.com/hook",
      button: "Send notices here",
      said: /Plain http is not used.*Anybody on the way.*Use https/,
    },
  ];
  test.each(cases)("$button: $typed", async ({ place, field, typed, button, said, first }) => {
    await page.goto(at(place()));
    if (first) await page.getByLabel(first[0], { exact: true }).fill(first[1]);
    const input = page.getByLabel(field, { exact: true }).first();
    await input.fill(typed);
    await page.getByRole("button", { name: button }).click();
    await expect
      .poll(async () => (await page.locator("main :is(.wrong, .errcard)").allInnerTexts()).join(" ").replace(/\s+/g, " "), { timeout: 8_000 })
      .toMatch(said);
    // Whatever happens elsewhere in the team runs the loaders again; the refusal stays.
    const again = page.waitForResponse((answer) => answer.url().includes(".data") && answer.request().method() === "GET");
    await team.client.apps.update.mutate({ app, settings: { branch: "main" } });
    await again;
    expect(await page.locator("main :is(.wrong, .errcard)").count()).toBeGreaterThan(0);
    expect(await input.inputValue()).toBe(typed);
    if (first) expect(await page.getByLabel(first[0], { exact: true }).inputValue()).toBe(first[1]);
    if (button === "Create application" || button === "Save") await shoot(page, `forms-refused-${button.toLowerCase().replace(" ", "-")}`);
  });
});
