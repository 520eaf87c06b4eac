import { createHash, randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REVALIDATE_AFTER_MS } from "~/lib/live";
import { openBrowser, shoot } from "../support/browser";
import { type FreshTeam, openFreshTeam } from "../support/fresh-team";
import { giveHistory } from "../support/home-database";
import { checkPage, reachByTab, watchPages } from "../support/page-checks";
import { openPlatform, type Platform } from "../support/platform";
import { openTeamEvents } from "../support/team-events";
import { giveUsage } from "../support/usage-history";

let platform: Platform;
let team: FreshTeam;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
let errors: string[];
const MIB = 1024 ** 2;
const NODE = `e2e-${randomBytes(3).toString("hex")}`;
const apps: Record<string, string> = {};
const at = (place: string) => `${platform.up.dashboard}${place}`;

/** Applications as if they had run for a week: those of a team of its own, which nobody deploys. */
const WANTED: [string, object, { cores: number; memoryMib: number; bytes: number } | null][] = [
  ["shop-web", { replicas: 2, resources: { memoryBytes: 512 * MIB, cpus: 1 } }, { cores: 0.2, memoryMib: 61, bytes: 40_000 }],
  [
    "image-resizer-with-a-long-name",
    { resources: { memoryBytes: 1024 * MIB, reservedMemoryBytes: 768 * MIB, cpus: 2 } },
    { cores: 1.4, memoryMib: 900, bytes: 9_000 },
  ],
  ["mailer", {}, { cores: 0.01, memoryMib: 18, bytes: 90 }],
  ["empty", { resources: { memoryBytes: 256 * MIB } }, null],
];

beforeAll(async () => {
  platform = openPlatform();
  team = await openFreshTeam(platform);
  await team.client.projects.create.mutate({ name: "shop" });
  for (const [name, settings, wave] of WANTED) {
    const app = await team.client.apps.create.mutate({ name, project: "shop", image: "example/none", ...settings });
    apps[name] = app.id;
    if (wave) await giveUsage(team.sql, app.id, NODE, 7, wave);
  }
  const model = platform.up.demo?.deployment;
  if (!model) throw new Error("the platform has no demo");
  const [project] = (await team.client.projects.list.query({})).items;
  await giveHistory(team.sql, model, { project: project?.id ?? "", app: apps["shop-web"] ?? "" }, 3);
  // an application counts as running when something of it went live; nothing did, so the row says it
  await team.sql`update apps set active_slot = 'a' where id in ${team.sql(Object.values(apps))} and name <> 'empty'`;
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(10_000);
  errors = await watchPages(browser.context);
  await browser.context.addCookies([team.cookie]);
});
afterAll(async () => {
  await browser.close();
  await team.sql`update apps set active_slot = null where id in ${team.sql(Object.values(apps))}`;
  for (const app of Object.values(apps)) {
    await team.sql`delete from app_usage where app_id = ${app}`;
    await team.sql`delete from app_disk where app_id = ${app}`;
  }
  await team.sql`delete from node_usage where node_id = ${NODE}`;
  await team.close();
});

describe("an application", () => {
  test("its tab shows what it uses, a chart each, and the same as a table", async () => {
    await page.goto(at(`/apps/${apps["shop-web"]}`));
    await page.getByRole("link", { name: "Usage", exact: true }).click();
    await page.waitForURL(/\/usage$/);
    await checkPage(page, at(`/apps/${apps["shop-web"]}/usage?period=24h`));
    for (const chart of ["Processor", "Memory", "Network", "Disk traffic", "Disk held"])
      await page.locator(`figure[aria-label^="${chart}: now"] svg path.recharts-line-curve`).last().waitFor();
    await page
      .getByText(/1\sGiB allowed, at most \d+\sMiB used in \d+ hours\./)
      .first()
      .waitFor();
    await page.getByText("Upright dotted lines are deployments").waitFor();
    expect(await page.locator(".usage-charts svg text", { hasText: /^#1$/ }).count()).toBe(2);
    await shoot(page, "usage-app");
    await page.locator("summary", { hasText: "Table" }).click();
    const rows = page.locator(".chart-table tbody tr");
    expect(await rows.count()).toBeGreaterThan(280);
    expect(await rows.nth(3).textContent()).toMatch(/core.*MiB.*KiB\/s/);
    await shoot(page, "usage-app-table");
  });

  test("the period is in the address, and what is downloaded is what is drawn", async () => {
    await page.goto(at(`/apps/${apps["shop-web"]}/usage`));
    await page.getByLabel("Period").selectOption("7d");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/period=7d/);
    await page.getByText("A point is 1 hour.").waitFor();
    const address = await page.getByRole("link", { name: /^CSV/ }).first().getAttribute("href");
    const csv = await (await team.api(address ?? "")).text();
    expect(csv.trim().split("\r\n").length).toBeGreaterThan(7 * 24 - 2);
    await page.locator("summary", { hasText: "Table" }).click();
    expect(await page.locator(".chart-table tbody tr").count()).toBe(csv.trim().split("\r\n").length - 1);
    await page.getByLabel("Period").selectOption("dates");
    const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel("From").fill(day);
    await page.getByLabel("To, that day included").fill(day);
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(new RegExp(`from=${day}`));
    await page.getByText("A point is 5 minutes.").waitFor();
    await shoot(page, "usage-app-week");
  });

  test("one that never ran says so, and what to do", async () => {
    await checkPage(page, at(`/apps/${apps.empty}/usage`));
    await page.getByRole("heading", { name: "It did not run in this time" }).waitFor();
    await reachByTab(page, "To the application");
    await shoot(page, "usage-app-empty");
  });
});

test("a project: where memory is given and not used, the most wasteful first", async () => {
  await page.goto(at("/projects/shop"));
  await page.getByRole("link", { name: "Usage", exact: true }).click();
  await page.waitForURL(/\/projects\/shop\/usage/);
  await checkPage(page, at("/projects/shop/usage?period=7d"));
  const names = page.locator("section[aria-labelledby=waste] tbody .name a");
  expect(await names.allTextContents()).toEqual(["shop-web", "image-resizer-with-a-long-name", "mailer"]);
  await page.getByText(/^No limit, at most \d+\sMiB used in 7 days\.$/).waitFor();
  await reachByTab(page, "mailer");
  await page.locator("path.recharts-line-curve").first().waitFor();
  await shoot(page, "usage-project");
  await names.first().click();
  await page.waitForURL(/\/apps\/.*\/usage\?period=7d/);
});

test("nothing but pages that show it is loaded again for ten seconds more", async () => {
  const loads: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes(".data")) loads.push(request.url());
  });
  await page.goto(at(`/apps/${apps["shop-web"]}/usage?period=1h`));
  await publishUsageUntil(page.waitForRequest((request) => request.url().includes("/usage.data"), { timeout: 30_000 }));
  // a page that connects reads once more, for what has happened since it was made
  const connected = page.waitForResponse((response) => response.url().includes("/projects/shop.data"));
  await page.goto(at("/projects/shop"));
  await connected;
  const tools = await page.context().newCDPSession(page);
  await tools.send("Network.enable");
  const heard = new Promise<void>((resolve) => {
    tools.on("Network.eventSourceMessageReceived", ({ data }) => (data.includes('"usage"') ? resolve() : undefined));
  });
  loads.length = 0;
  await publishUsageUntil(heard);
  // the page's own timer, set before this one, would be over, and what it does drawn
  await page.evaluate(
    (afterMs) => new Promise((resolve) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(resolve)), afterMs)),
    REVALIDATE_AFTER_MS + 1,
  );
  expect(loads).toEqual([]);
  await tools.detach();
});

/** As a worker does after it stored a look, again and again: a page that has just opened is not connected yet. */
async function publishUsageUntil(seen: Promise<unknown>): Promise<void> {
  const events = openTeamEvents(platform.up);
  let isSeen = false;
  try {
    const [row] = await team.sql<{ team: string }[]>`select team_id as team from apps where id = ${apps["shop-web"] ?? ""}`;
    const wanted = seen.finally(() => {
      isSeen = true;
    });
    while (!isSeen) {
      await events.publish(row?.team ?? "", { type: "usage" });
      await Promise.race([wanted, new Promise((resolve) => setTimeout(resolve, 200))]);
    }
    await wanted;
  } finally {
    events.close();
  }
}

describe("a machine", () => {
  beforeAll(async () => {
    const session = randomBytes(20).toString("hex");
    await team.sql`insert into sessions (id, user_id, expires_at, created_at)
      select ${createHash("sha256").update(session).digest("hex")}, id, now() + interval '1 day', now() from users where email = ${platform.up.admin.email}`;
    await browser.context.addCookies([{ name: "dokploy_session", value: session, url: platform.up.dashboard }]);
  });

  test("its page shows what the whole of it does, live", async () => {
    await page.goto(at("/nodes"));
    await page
      .getByRole("link", { name: /^Usage/ })
      .first()
      .click();
    await page.waitForURL(/\/nodes\/.+/);
    await checkPage(page, `${new URL(page.url()).href}?period=1h`);
    await page.getByText("Not of these applications").waitFor();
    const seen = await page.locator(".meta time").first().getAttribute("datetime");
    await expect.poll(() => page.locator(".meta time").first().getAttribute("datetime"), { timeout: 40_000 }).not.toBe(seen);
  });

  test("a week of one that is well used, and one that no worker looks at", async () => {
    const { worker } = platform.up.pids;
    await giveNodes(worker, async () => {
      await checkPage(page, at(`/nodes/${NODE}?period=7d`));
      await page.locator("path.recharts-line-curve").last().waitFor({ state: "attached" });
      await shoot(page, "usage-node");
      await checkPage(page, at("/nodes/e2e-unseen"));
      await page.getByRole("heading", { name: "This node is not sampled yet" }).waitFor();
      await shoot(page, "usage-node-unseen");
      await page.goto(at("/projects/demo/usage?period=1h"));
      await page.getByText("2 nodes not sampled yet").waitFor();
    });
  });

  /** Rows as a worker writes them: it is held meanwhile, since it would write what is true. */
  async function giveNodes(worker: number, look: () => Promise<void>): Promise<void> {
    process.kill(worker, "SIGSTOP");
    try {
      await team.sql`insert into nodes (id, hostname, role, availability, state, address, cpus, memory_bytes, engine_version, joined_at, seen_at) values
        (${NODE}, 'apps-06.example.com', 'worker', 'active', 'ready', '10.0.0.6', 4, 17179869184, '24.0.7', now(), now()),
        ('e2e-unseen', 'apps-07.example.com', 'worker', 'active', 'ready', '10.0.0.7', 4, 17179869184, '24.0.7', now(), now())`;
      await look();
    } finally {
      process.kill(worker, "SIGCONT");
    }
  }
});

test("without scripts the table says what the charts do", async () => {
  const plain = await openBrowser({ hasScripts: false });
  try {
    await plain.context.addCookies([team.cookie]);
    await plain.page.goto(at(`/apps/${apps["shop-web"]}/usage?period=7d`));
    await plain.page.locator("summary", { hasText: "Table" }).click();
    expect(await plain.page.locator(".chart-table tbody tr").count()).toBeGreaterThan(160);
    await plain.page.getByText("The table says the same.").waitFor();
  } finally {
    await plain.close();
  }
});

test("no page wrote an error to the console", () => {
  expect(errors).toEqual([]);
});
