import { createHash, randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MetricKey } from "../../server/metrics/constants";
import type { Overview } from "../../server/overview/schema";
import { openBrowser, shoot } from "../support/browser";
import { type FreshTeam, openFreshTeam } from "../support/fresh-team";
import { toNdjson } from "../support/golden-events";
import { giveHistory } from "../support/home-database";
import { openLine } from "../support/line";
import { checkPage, reachByTab, watchPages } from "../support/page-checks";
import { openPlatform, type Platform } from "../support/platform";
import { recentPeriodLines } from "../support/recent-periods";
import { endUnderWay, giveReleases, giveUnderWay } from "../support/standing-apps";
import { openTeamEvents } from "../support/team-events";
import { giveUsage } from "../support/usage-history";

let platform: Platform;
let team: FreshTeam;
let teamId: string;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
let errors: string[];
/** What goes over it fails when it is cut, and Chromium says so. */
let lineUrl: string;
let events: ReturnType<typeof openTeamEvents>;
let model: string;
const NODE = `e2e-${randomBytes(3).toString("hex")}`;
const GIT = "https://git.example.invalid/shop/web.git";
const at = (place: string) => `${platform.up.dashboard}${place}`;
const question = (name: string) => page.getByRole("region", { name });
const overview = async () => (await (await team.api("/api/v1/overview")).json()) as Overview;

beforeAll(async () => {
  platform = openPlatform();
  team = await openFreshTeam(platform);
  model = platform.up.demo?.deployment ?? "";
  if (!model) throw new Error("the platform has no demo");
  const [row] = await team.sql<{ id: string }[]>`select team_id as id from memberships m join users u on u.id = m.user_id where u.email = ${team.person.email}`;
  teamId = row?.id ?? "";
  events = openTeamEvents(platform.up);
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(10_000);
  errors = await watchPages(browser.context);
});
afterAll(async () => {
  await browser.close();
  events.close();
  await team.sql`delete from app_usage where node_id = ${NODE}`;
  await team.sql`delete from app_disk where node_id = ${NODE}`;
  await team.sql`delete from node_usage where node_id = ${NODE}`;
  await team.close();
});

test("signing in leads to it; a team without anything is shown the way", async () => {
  await page.goto(at("/"));
  await page.waitForURL(/\/sign-in$/);
  await page.getByLabel("E-mail").fill(team.person.email);
  await page.getByLabel("Password").fill(team.person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "From your repository to a live address" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/");
  await checkPage(page, at("/"));
  await reachByTab(page, "Create project");
  await shoot(page, "overview-none");
});

test("a project can be made from there; what is refused is said beside the field", async () => {
  await page.getByLabel("Name", { exact: true }).fill("Not A Name");
  await page.getByRole("button", { name: "Create project" }).click();
  await page.getByText(/Use 1 to 40 lower-case letters/).waitFor();
  await page.getByLabel("Name", { exact: true }).fill("shop");
  await page.getByRole("button", { name: "Create project" }).click();
  await page.getByRole("heading", { name: "New application" }).waitFor();
});

test("one application that was never deployed: the way goes on, and each question says so", async () => {
  await team.client.apps.create.mutate({ name: "shop-web", project: "shop", git: GIT });
  await checkPage(page, at("/"));
  await page.getByRole("link", { name: "To shop-web" }).waitFor();
  await question("Is everything up?").getByText("1 never deployed.").waitFor();
  await question("What is shipping now?").getByText("Nothing.", { exact: true }).waitFor();
  await question("Are we getting faster?").getByText("measured from the first deployment on").waitFor();
  await shoot(page, "overview-one");
});

/** Rows as a worker writes them: it is held meanwhile, since it would write what is true. */
describe("with a history", () => {
  const apps: Record<string, string> = {};
  let project: string;

  beforeAll(async () => {
    process.kill(platform.up.pids.worker, "SIGSTOP");
    project = (await team.client.projects.read.query({ project: "shop" })).id;
    for (const name of ["checkout", "image-resizer-with-quite-a-long-name", "mailer", "search"])
      await team.client.apps.create.mutate({ name, project: "shop", git: GIT, resources: { memoryBytes: 512 * 2 ** 20 } });
    for (const app of (await team.client.apps.list.query({})).items) apps[app.name] = app.id;
    await giveHistory(team.sql, model, { project }, 3);
    await giveReleases(team.sql, project, { short: ["image-resizer-with-quite-a-long-name"] });
    const uses = [
      ["shop-web", { cores: 0.4, memoryMib: 260, bytes: 40_000 }],
      ["mailer", { cores: 0.02, memoryMib: 505, bytes: 90 }],
      ["checkout", { cores: 0.1, memoryMib: 130, bytes: 900 }],
    ] as const;
    for (const [name, wave] of uses) await giveUsage(team.sql, apps[name] ?? "", NODE, 1, wave);
    const lines = recentPeriodLines("history", Date.now());
    const { token } = await team.client.tokens.create.mutate({ name: "import", scopes: ["*"] });
    const answer = await platform.api("/api/v1/import", {
      method: "POST",
      headers: { "content-type": "application/x-ndjson", authorization: `Bearer ${token}` },
      body: toNdjson(lines),
    });
    expect(await answer.json()).toMatchObject({ accepted: lines.length, rejected: [] });
  });
  afterAll(async () => {
    await team.sql`update deployments set status = 'cancelled', outcome = 'cancelled', lease_until = null, finished_at = now()
      where team_id = ${teamId} and status in ('running', 'queued')`;
    // nothing of them is at the engine: a worker would take minutes to find that out for each
    await team.sql`delete from apps where team_id = ${teamId} and name like 'service-%'`;
    await team.sql`update apps set release_id = null, active_slot = null, running_replicas = 0 where team_id = ${teamId}`;
    process.kill(platform.up.pids.worker, "SIGCONT");
  });

  test("one runs, one waits, one failed: all three questions are answered", async () => {
    await giveUnderWay(team.sql, model, apps["shop-web"] ?? "", { number: 4, status: "running", message: "Log the reservation id on every payment event" });
    await giveUnderWay(team.sql, model, apps.search ?? "", { number: 4, status: "queued", message: "Index product variants by size" });
    const failing = await giveUnderWay(team.sql, model, apps.checkout ?? "", { number: 4, status: "running", message: "Round tax per line" });
    await endUnderWay(team.sql, failing, false);
    await checkPage(page, at("/"));
    await question("Is everything up?").getByText("Almost.", { exact: true }).waitFor();
    await question("Is everything up?").getByText("4 of 5 run healthy; image-resizer-with-quite-a-long-name lost replicas.").waitFor();
    expect(await question("Is everything up?").locator("tbody tr").first().textContent()).toContain("2 of 3 replicas");
    const ships = question("What is shipping now?").locator(".ships li");
    expect(await ships.allTextContents()).toEqual([expect.stringMatching(/shop-web #4.*building/), expect.stringMatching(/search #4.*queued/)]);
    expect(await ships.first().textContent()).toMatch(/~.* left|any moment/);
    await question("Recent deployments").getByText("failed in build").waitFor();
    await reachByTab(page, "shop-web #4");
    await shoot(page, "overview-shipping");
  });

  test("the figures on the tiles are those of the API, each leads to its own page, and each says whether its target is met", async () => {
    await page.goto(at("/"));
    const { faster } = await overview();
    const { from, to } = faster.window;
    const dora = await (await team.api(`/api/v1/metrics/dora?from=${from}&to=${to}`)).json();
    const tile = (key: MetricKey) => page.locator(`[data-metric=${key}]`);
    const said = async (key: MetricKey) => ((await tile(key).textContent()) ?? "").replace(/[\u00a0\u202f]/g, " ");
    expect(await said("deploymentFrequency")).toContain(`n ${dora.deploymentFrequency.n}`);
    expect(await said("deploymentFrequency")).toContain(dora.deploymentFrequency.value.toFixed(1));
    expect(await said("leadTime")).toContain(`n ${dora.leadTime.n} commits`);
    expect(await said("leadTime")).toContain(`${Math.floor(dora.leadTime.p50 / 3600)}h`);
    for (const key of ["changeFailRate", "reworkRate"] as const) {
      expect(await said(key)).toContain((dora[key].value * 100).toFixed(1));
      expect(await said(key)).toContain(`${dora[key].numerator} of ${dora[key].denominator}`);
    }
    expect(dora.changeFailRate.numerator).toBeGreaterThan(0);
    expect(await said("recoveryTime")).toContain(`n ${dora.recoveryTime.n}, ${dora.recoveryTime.open} open`);
    expect(await said("leadTime")).toMatch(/↓ \d+ %, better, p < 0\.001, significant.*misses ≤ 5m/);
    await question("Are we getting faster?").getByText("Yes.", { exact: true }).waitFor();
    expect(await tile("leadTime").getByRole("img").getAttribute("aria-label")).toMatch(/Change lead time by week, \d of 8 weeks known/);
    for (const [key, place] of [
      ["deploymentFrequency", "deployment-frequency"],
      ["leadTime", "lead-time"],
      ["changeFailRate", "change-fail-rate"],
      ["recoveryTime", "recovery-time"],
      ["reworkRate", "rework-rate"],
    ] as const)
      expect(await tile(key).getAttribute("href")).toBe(`/streams/${place}`);
    await tile("changeFailRate").focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/streams\/change-fail-rate$/);
    await page.getByText(`${dora.changeFailRate.numerator} ÷ ${dora.changeFailRate.denominator}`).first().waitFor();
  });

  test("what ships moves by itself, in every open tab, and a connection that was lost is made good", async () => {
    const second = await browser.context.newPage();
    const both = [page, second];
    const watched = both.map((one) => one.waitForResponse((answer) => answer.url().includes("/api/trpc/live.watch")));
    const line = await openLine(platform.up.dashboard);
    lineUrl = line.url;
    for (const one of both) await one.goto(line.url);
    const requests: string[] = [];
    page.on("request", (request) => {
      if (/\.data$|\/api\//.test(new URL(request.url()).pathname)) requests.push(request.url());
    });
    const shown = (one: Page, words: string) => one.getByRole("region", { name: "What is shipping now?" }).getByText(words);
    await Promise.all(watched);
    const id = await giveUnderWay(team.sql, model, apps.mailer ?? "", { number: 4, status: "running", message: "Send receipts" });
    const tell = (status: string) => events.publish(teamId, { type: "deployment", deployment: id, app: apps.mailer ?? "", status, step: "build" });
    await tell("running");
    for (const one of both) await shown(one, "mailer #4").waitFor();
    const before = requests.length;
    const bar = () => question("What is shipping now?").getByRole("img").first().getAttribute("aria-label");
    const first = await bar();
    await expect.poll(bar).not.toBe(first); // time runs without a request
    expect(requests.slice(before)).toEqual([]);

    line.cut();
    for (const one of both) await one.getByText("reconnecting").waitFor();
    await endUnderWay(team.sql, id, true);
    await tell("succeeded");
    line.mend();
    for (const one of both) {
      await shown(one, "mailer #4").waitFor({ state: "detached" });
      await one.getByRole("region", { name: "Recent deployments" }).getByRole("link", { name: "mailer #4" }).waitFor();
    }
    await page.reload();
    await question("Recent deployments").getByRole("link", { name: "mailer #4" }).waitFor();
    await second.close();
    line.close();
  });

  test("two hundred applications: the worst, and a sum that leads to the rest", async () => {
    for (let n = 0; n < 195; n += 13)
      await Promise.all(
        Array.from({ length: 13 }, (_, k) => team.client.apps.create.mutate({ name: `service-${String(n + k).padStart(3, "0")}`, project: "shop", git: GIT })),
      );
    await giveReleases(team.sql, project, { down: ["service-007", "service-100"], short: ["service-050", "image-resizer-with-quite-a-long-name"] });
    await checkPage(page, at("/"));
    const up = question("Is everything up?");
    await up.getByText("196 of 200 run healthy; service-007, service-100 are down").waitFor();
    expect(await up.locator("tbody tr").count()).toBe(8);
    expect(await up.locator("tbody tr").first().textContent()).toMatch(/service-007.*down/);
    await shoot(page, "overview-many");
    await up.getByRole("link", { name: "192 more: 192 healthy" }).click();
    await page.waitForURL(/\/projects$/);
    await page.getByRole("link", { name: "service-194" }).waitFor();
  });

  test("keys: g then o comes back to it from anywhere", async () => {
    await page.goto(at("/settings"));
    await page.keyboard.press("?"); // the list tells them, and that the page listens by now
    await page.getByRole("dialog", { name: "Keys" }).getByText("g then o").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor({ state: "attached" });
    expect(await page.getByRole("navigation", { name: "Main" }).locator("[aria-current]").allTextContents()).toEqual(["Overview"]);
  });
});

test("who looks after the installation sees its machines; nobody else does", async () => {
  expect((await overview()).machines).toBeNull();
  await page.goto(at("/"));
  expect(await page.getByRole("heading", { name: "Resources" }).count()).toBe(0);
  const session = randomBytes(20).toString("hex");
  await team.sql`insert into sessions (id, user_id, expires_at, created_at)
    select ${createHash("sha256").update(session).digest("hex")}, id, now() + interval '1 day', now() from users where email = ${platform.up.admin.email}`;
  await browser.context.addCookies([{ ...team.cookie, value: session }]);
  // the worker was held: it looks again every ten seconds, and a minute's looks are one row
  await expect.poll(async () => (await platform.client.overview.read.query()).machines?.some(({ use }) => use !== null), { timeout: 90_000 }).toBe(true);
  const machines = question("Resources");
  await checkPage(page, at("/"));
  const { items } = await platform.client.nodes.list.query();
  expect(await machines.locator("tbody tr").count()).toBe(Math.min(8, items.length));
  await machines.getByText(/of \d+ cores, .* of .*GiB/).waitFor();
  await shoot(page, "overview-administrator");
});

test("without scripts all three questions are answered", async () => {
  const plain = await openBrowser({ hasScripts: false });
  try {
    await plain.context.addCookies([team.cookie]);
    await plain.page.goto(at("/"));
    for (const name of ["Is everything up?", "What is shipping now?", "Are we getting faster?"]) await plain.page.getByRole("heading", { name }).waitFor();
    expect(await plain.page.locator("[data-metric] svg").count()).toBeGreaterThan(0);
  } finally {
    await plain.close();
  }
});

test("no page wrote an error to the console", () => {
  expect(errors.filter((error) => !error.startsWith(lineUrl))).toEqual([]);
});
