import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { SERVER, startGitServer, type TestRepository } from "../support/git-repository";
import { openPlatform, type Platform, untilEnded } from "../support/platform";

let platform: Platform;
let git: Awaited<ReturnType<typeof startGitServer>>;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let repository: TestRepository;
let app: string;
const errors: string[] = [];
const project = `page-${randomBytes(3).toString("hex")}`;
const LINES = 500;
const MIDDLE = 180;
/** A step of its own in each run of this test, so that the first build really runs it. */
const dockerfile = `FROM node:20-slim
WORKDIR /app
RUN echo ${project} && sleep 2 && for i in $(seq 1 ${LINES}); do echo "installing package $i"; done
COPY . .
RUN for i in $(seq 1 ${MIDDLE}); do echo "compiling $i"; done
CMD ["node", "server.js"]
`;
const HOSTILE = 'Read <script>document.title = "owned"</script> \u202eand reverse';

const deploy = async (noCache = false) => (await platform.client.deployments.create.mutate({ app, noCache })).id;
const open = (page: Page, id: string, hash = "") => page.goto(`${platform.up.dashboard}/deployments/${id}${hash}`);
const state = (page: Page, words: RegExp) => page.locator("header.head .state").filter({ hasText: words }).first().waitFor();

async function signIn(page: Page): Promise<void> {
  page.setDefaultTimeout(30_000);
  await page.goto(platform.up.dashboard);
  await page.locator("input[name=email]").fill(platform.up.admin.email);
  await page.locator("input[type=password]").fill(platform.up.admin.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
}

let first: string;
let second: string;

beforeAll(async () => {
  platform = openPlatform();
  git = await startGitServer();
  repository = git.repository(project, { Dockerfile: dockerfile, "server.js": SERVER("first") });
  await platform.client.projects.create.mutate({ name: project });
  app = (await platform.client.apps.create.mutate({ name: "api", project, git: repository.url })).id;
  const variables = (set: Record<string, string>, unset: string[] = []) =>
    platform.client.apps.changeVariables.mutate({ app, set: Object.entries(set).map(([key, value]) => ({ key, value })), unset, deploy: false });
  await variables({ OLD_URL: "a", MODE: "x" });
  first = await deploy();
  expect((await untilEnded(platform, first)).status).toBe("succeeded");
  for (let number = 1; number <= 7; number++) repository.commit({ "server.js": SERVER(`change ${number}`) }, `Change ${number}`);
  repository.commit({ "server.js": SERVER("second") }, HOSTILE);
  await variables({ NEW_URL: "a value that is nowhere on the page", MODE: "y" }, ["OLD_URL"]);
  second = await deploy();
  expect((await untilEnded(platform, second)).status).toBe("succeeded");

  browser = await openBrowser();
  browser.page.on("pageerror", (error) => errors.push(error.message));
  await signIn(browser.page);
});
afterAll(async () => {
  await browser.close();
  await platform.client.projects.delete.mutate({ project });
  await git.close();
});

test("what changed: commits as text, configuration by key, image and build against the release before", async () => {
  const { page } = browser;
  await open(page, second);
  const side = page.getByRole("complementary", { name: "What changed" });
  await side.getByText("against release 1").waitFor();
  const text = async () => (await side.textContent())?.replaceAll(/[\u00a0\u202f]/g, " ");
  expect(await text()).toContain("8 commits");
  expect(await text()).toContain('Read <script>document.title = "owned"</script> and reverse');
  expect(await page.title()).not.toBe("owned");
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe('Read <script>document.title = "owned"</script> and reverse');
  expect(await side.locator(".commits").getByText("Change 1", { exact: true }).isVisible()).toBe(false);
  await side.getByText("4 earlier commits").click();
  await side.locator(".commits").getByText("Change 1", { exact: true }).waitFor();
  expect(await side.locator(".diff li").evaluateAll((rows) => rows.map((row) => `${row.className} ${row.textContent}`))).toEqual([
    "add added NEW_URL",
    "del removed OLD_URL",
    "mod changed MODE",
  ]);
  expect(await page.content()).not.toContain("nowhere on the page");
  expect(await text()).toMatch(/Image\s*[\d.]+ MiB, ([+−][\d.]+ [KM]?i?B|the same size)/);
  expect(await text()).toMatch(/2 of \d+ steps cached, \d+\.\d s saved/);
  const vertex = async (deployment: string) =>
    (await platform.client.deployments.read.query({ deployment })).spans.find((span) => String(span.detail.name).includes(`echo ${project}`));
  const [ran, cached] = [await vertex(first), await vertex(second)];
  expect([ran?.cached, cached?.cached]).toEqual([false, true]);
  expect(cached?.detail.savedS).toBeCloseTo((Date.parse(ran?.finishedAt ?? "") - Date.parse(ran?.startedAt ?? "")) / 1000, 2);
  await side.getByRole("button", { name: "Copy the image's name" }).click();
  await side.getByText("Copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/sha256:[0-9a-f]{64}$/);
  await shoot(page, "deployment-changes");

  await open(page, first);
  await side.getByText("the first release").waitFor();
});

test("a step of many lines shows its beginning and end, and a fold that opens", async () => {
  const { page } = browser;
  await open(page, second);
  const log = page.getByRole("region", { name: "Log" });
  const fold = log.getByRole("button", { name: /^\d+ lines folded, \d+–\d+$/ });
  await fold.waitFor();
  expect(await log.getByText("compiling 100", { exact: true }).count()).toBe(0);
  expect(await log.getByText(`compiling ${MIDDLE}`, { exact: true }).count()).toBe(1);
  await fold.click();
  await log.getByText("compiling 100", { exact: true }).waitFor();
  expect(await fold.count()).toBe(0);
});

test.each([
  ["a desktop", 1440],
  ["a phone", 390],
])("the log by keyboard on %s: folds, links, ranges, search, wrap, time and download", async (_, width) => {
  const { page } = browser;
  await page.setViewportSize({ width, height: 844 });
  await open(page, first);
  const log = page.getByRole("region", { name: "Log" });
  const head = log.getByRole("button", { name: /^build/ });
  await head.getByText(/^\d+ lines$/).waitFor();
  await head.focus();
  await page.keyboard.press("Enter");
  await log.getByText("installing package 1", { exact: true }).waitFor();
  await expect.poll(() => head.evaluate((element) => element === document.activeElement)).toBe(true);

  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const from = Number(/#L(\d+)$/.exec(page.url())?.[1]);
  for (let moves = 0; moves < 3; moves++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+Enter");
  expect(page.url()).toMatch(new RegExp(`#L${from}-L${from + 3}$`));
  expect(await log.locator(".line.is-linked").count()).toBe(4);

  await open(page, first, "#L120-L140");
  await page.reload();
  await page.locator("#L120.is-linked").waitFor();
  expect(await log.locator(".line.is-linked").count()).toBe(21);
  await page.waitForFunction(() => {
    const place = document.getElementById("L120")?.getBoundingClientRect();
    return place !== undefined && place.top > 0 && place.bottom < window.innerHeight;
  });

  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press("/");
  await page.keyboard.type("PACKAGE 49");
  const found = async () => (await log.locator("output").textContent())?.trim();
  await expect.poll(found).toBe("1 of 11");
  await page.keyboard.press("Enter");
  expect(await found()).toBe("1 of 11");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect.poll(found).toBe("2 of 11");
  for (const [key, words] of [
    ["n", "3 of 11"],
    ["N", "2 of 11"],
    ["N", "1 of 11"],
    ["N", "11 of 11"],
    ["n", "1 of 11"],
  ] as const) {
    await page.keyboard.press(key);
    await expect.poll(found).toBe(words);
  }
  await log.locator("mark.is-current").first().waitFor();
  await log.getByRole("button", { name: "Next find" }).click();
  expect(await found()).toBe("2 of 11");

  const wrap = log.getByRole("button", { name: "Wrap lines" });
  await wrap.focus();
  await page.keyboard.press("Space");
  expect(await wrap.getAttribute("aria-pressed")).toBe("true");
  expect(await log.locator(".log-rows").evaluate((box) => box.scrollWidth <= box.clientWidth)).toBe(true);
  const clock = log.getByRole("button", { name: "Time of day" });
  await clock.focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => log.locator(".line time").first().textContent()).toMatch(/^\d\d:\d\d:\d\d$/);
  const download = page.waitForEvent("download");
  await log.getByRole("link", { name: "Download the log" }).press("Enter");
  expect((await download).suggestedFilename()).toBe("api-1.log");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  await shoot(page, `deployment-log-${width}`);
});

test("without JavaScript: cancel, retry and roll back ask and work as plain forms", async () => {
  const plain = await openBrowser({ hasScripts: false });
  try {
    const { page } = plain;
    await signIn(page);
    const running = await deploy(true);
    await open(page, running);
    expect(await page.getByRole("button", { name: /Retry|Roll back/ }).count()).toBe(0);
    await page.locator("summary", { hasText: "Cancel" }).click();
    await page.getByRole("button", { name: "Cancel deployment" }).click();
    await page.waitForURL(/\/deployments\//);
    expect((await untilEnded(platform, running)).status).toBe("cancelled");
    await open(page, running);
    await state(page, /Cancelled/);
    await page.getByRole("button", { name: "Retry" }).click();
    await page.waitForURL((url) => !url.pathname.endsWith(running));
    const again = await untilEnded(platform, page.url().split("/").at(-1) ?? "");
    expect([again.status, again.ref]).toEqual(["succeeded", { kind: "sha", name: repository.head() }]);

    await page.reload();
    await state(page, /Live/);
    await page.locator("summary", { hasText: "Roll back" }).click();
    await page.getByText(/Roll api back to release 2\?/).waitFor();
    await page.getByRole("button", { name: "Roll back to 2" }).click();
    await page.waitForURL((url) => !url.pathname.endsWith(again.id));
    const back = await untilEnded(platform, page.url().split("/").at(-1) ?? "");
    expect([back.status, back.kind, back.release]).toEqual(["succeeded", "rollback", 2]);
  } finally {
    await plain.close();
  }
});

test("with JavaScript the question closes by Escape, a run is watched, and nothing went wrong on the pages", async () => {
  const { page } = browser;
  await page.setViewportSize({ width: 1440, height: 1000 });
  const running = await deploy(true);
  await open(page, running);
  await state(page, /ing$/);
  const button = page.locator("summary", { hasText: "Cancel" });
  await button.click();
  await page.getByRole("button", { name: "Cancel deployment" }).waitFor();
  await shoot(page, "deployment-running");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Cancel deployment" }).waitFor({ state: "hidden" });
  expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Cancel deployment" }).click();
  await state(page, /Cancelled/);
  expect(await page.getByRole("button", { name: "Retry" }).count()).toBe(1);
  expect(errors).toEqual([]);
});
