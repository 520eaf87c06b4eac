import { createHash, randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { type FreshTeam, openFreshTeam } from "../support/fresh-team";
import { type HomeDatabase, openHomeDatabase } from "../support/home-database";
import { checkPage, reachByTab, watchPages } from "../support/page-checks";
import { openPlatform, type Platform } from "../support/platform";

let platform: Platform;
let sql: HomeDatabase;
let stranger: FreshTeam;
let cookie: { name: string; value: string; url: string };
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
let errors: string[];
const at = (place: string) => `${platform.up.dashboard}${place}`;

beforeAll(async () => {
  platform = openPlatform();
  sql = openHomeDatabase(platform.up);
  stranger = await openFreshTeam(platform);
  const session = randomBytes(20).toString("hex");
  await sql`insert into sessions (id, user_id, expires_at, created_at)
    select ${createHash("sha256").update(session).digest("hex")}, id, now() + interval '1 day', now() from users where email = ${platform.up.admin.email}`;
  cookie = { name: "dokploy_session", value: session, url: platform.up.dashboard };
  browser = await openBrowser();
  page = browser.page;
  page.setDefaultTimeout(10_000);
  errors = await watchPages(browser.context);
});
afterAll(async () => {
  await browser.close();
  await stranger.close();
  await sql.end();
});

test("whoever does not look after the installation neither finds nor opens the page", async () => {
  await browser.context.addCookies([stranger.cookie]);
  const answer = await page.goto(at("/nodes"));
  expect(answer?.status()).toBe(403);
  await page.getByText("Only an administrator of this installation").waitFor();
  await page.goto(at("/settings"));
  expect(await page.getByRole("link", { name: "Cluster" }).count()).toBe(0);
});

test("one machine: what it is, why a second one, and why it cannot join yet", async () => {
  await browser.context.addCookies([cookie]);
  await page.goto(at("/projects"));
  await page.getByRole("link", { name: "Cluster" }).click();
  await page.getByRole("heading", { name: "Why a second machine?" }).waitFor();
  await checkPage(page, at("/nodes"));
  await reachByTab(page, "Add a node");
  await shoot(page, "nodes-one");
  await page.getByRole("link", { name: "Add a node" }).click();
  await page.getByText("which only this machine reaches").first().waitFor();
  await checkPage(page, at("/nodes?join"));
  await shoot(page, "nodes-join-refused");
});

test("a label is set, a wrong one is refused with a sentence, and it goes when it is taken out", async () => {
  await page.goto(at("/nodes"));
  await page.getByRole("link", { name: /^Manage/ }).click();
  const labels = page.getByLabel("Labels");
  const before = await labels.inputValue();
  await labels.fill("Disk!=x");
  await page.getByRole("button", { name: "Save labels" }).click();
  await page.getByText("A label's key has lower-case letters").waitFor();
  expect(await labels.inputValue()).toBe("Disk!=x");
  const label = `e2e-${randomBytes(3).toString("hex")}`;
  await labels.fill([before, `${label}=on`].filter(Boolean).join(", "));
  await page.getByRole("button", { name: "Save labels" }).click();
  await page.locator(".badge", { hasText: `${label}=on` }).waitFor();
  await checkPage(page, page.url());
  await page.getByRole("button", { name: "Save labels" }).waitFor();
  await labels.fill(before);
  await page.getByRole("button", { name: "Save labels" }).click();
  await page.locator(".badge", { hasText: `${label}=on` }).waitFor({ state: "detached" });
});

test("the only node cannot be drained, and the question says why", async () => {
  await page.goto(at("/nodes"));
  await page.getByRole("link", { name: /^Manage/ }).click();
  await page.locator("summary", { hasText: "Drain" }).click();
  await page.getByText("It is the only node that takes work").waitFor();
  expect(await page.getByRole("button", { name: "Drain it" }).isDisabled()).toBe(true);
  await page.keyboard.press("Escape");
});

/** Rows as a worker writes them: the worker is held meanwhile, since it would write what is true. */
test("several machines, one of them away, one being drained, one that could not be", async () => {
  const { worker } = platform.up.pids;
  process.kill(worker, "SIGSTOP");
  try {
    await sql`
      insert into nodes (id, hostname, role, is_leader, availability, state, message, address, manager_address, labels, cpus, memory_bytes, engine_version, replicas, joined_at, seen_at) values
      ('e2e-a', 'build-01.example.com', 'manager', false, 'active', 'ready', '', '10.0.0.2', '10.0.0.2:2377', '{"disk":"ssd","zone":"a"}', 8, 33567539200, '24.0.7', 14, now() - interval '40 days', now()),
      ('e2e-b', 'apps-with-a-rather-long-name-02.example.com', 'worker', false, 'pause', 'ready', '', '10.0.0.3', null, '{"disk":"hdd","zone":"b","tier":"customers-of-the-north"}', 4, 16567539200, '24.0.7', 9, now() - interval '3 days', now()),
      ('e2e-c', 'apps-03.example.com', 'worker', false, 'drain', 'down', 'heartbeat failure', '10.0.0.4', null, '{}', 4, 16567539200, '24.0.7', 0, now() - interval '3 days', now() - interval '5 minutes'),
      ('e2e-d', 'apps-04.example.com', 'worker', false, 'active', 'ready', '', '10.0.0.5', null, '{}', 4, 16567539200, '24.0.7', 3, now() - interval '1 day', now())`;
    await sql`
      insert into operations (team_id, node_id, kind, status, lease_until, error, actor, created_at)
      select m.team_id, n.id, 'node-drain', n.status, n.lease, n.error, 'admin', now() from memberships m join users u on u.id = m.user_id,
      (values ('e2e-b', 'running', now() + interval '1 hour', null::jsonb),
        ('e2e-d', 'failed', null::timestamptz, '{"code":"conflict","what":"shop-web could not be moved.","why":"The health check did not pass within 60 s.","fix":"Look at its log, and drain again."}'::jsonb)) n (id, status, lease, error)
      where u.email = ${platform.up.admin.email}`;
    await checkPage(page, at("/nodes"));
    await page.getByText("being drained").waitFor();
    await shoot(page, "nodes-several");
    await checkPage(page, at("/nodes?node=e2e-d"));
    await page.getByText("shop-web could not be moved.").waitFor();
    await shoot(page, "nodes-manage");
    await page.goto(at("/nodes?node=e2e-c"));
    await page.locator("summary", { hasText: "Remove" }).click();
    await page.getByText("docker swarm leave").waitFor();
    await shoot(page, "nodes-remove");
  } finally {
    await sql`delete from operations where node_id like 'e2e-%'`;
    process.kill(worker, "SIGCONT");
  }
  await page.goto(at("/nodes"));
  // live: the worker writes what is true, and the page follows
  await expect.poll(() => page.locator("table tbody tr").count(), { timeout: 15_000 }).toBe(1);
});

test("without scripts the page shows the machines, and labels can be saved", async () => {
  const plain = await openBrowser({ hasScripts: false });
  try {
    await plain.context.addCookies([cookie]);
    await plain.page.goto(at("/nodes"));
    await plain.page.getByRole("link", { name: /^Manage/ }).click();
    await plain.page.getByRole("button", { name: "Save labels" }).click();
    await plain.page.getByText("Saved the labels of").waitFor();
  } finally {
    await plain.close();
  }
});

test("no page wrote an error to the console", () => {
  expect(errors).toEqual([]);
});
