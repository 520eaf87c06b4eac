import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { type FreshTeam, openFreshTeam } from "../support/fresh-team";
import { checkPage, watchPages } from "../support/page-checks";
import { openPlatform, type Platform } from "../support/platform";

let platform: Platform;
let team: FreshTeam;
let app: string;
beforeAll(async () => {
  platform = openPlatform();
  team = await openFreshTeam(platform);
  await team.client.projects.create.mutate({ name: "shop" });
  app = (await team.client.apps.create.mutate({ name: "web", project: "shop", git: "https://git.example.invalid/a.git" })).id;
  await team.client.apps.changeVariables.mutate({ app, set: [{ key: "GREETING", value: "hello" }], deploy: false });
});
afterAll(() => team.close());

test.each([true, false])("a config file is stored, opened, changed and removed; scripts: %s", async (hasScripts) => {
  const { context, page, close } = await openBrowser({ hasScripts });
  page.setDefaultTimeout(10_000);
  const errors = await watchPages(context);
  await context.addCookies([team.cookie]);
  const place = `${platform.up.dashboard}/apps/${app}/environment`;
  await page.goto(place);
  const path = page.getByLabel("Path in the container");
  await path.fill("/proc/x");
  await page.getByLabel("Content").fill("a: 1\nb: 2\n");
  await page.getByRole("button", { name: "Store file" }).click();
  await page.getByText("This place belongs to the engine").first().waitFor();
  expect(await path.inputValue()).toBe("/proc/x");
  await path.fill("/etc/shop/settings.yml");
  await page.getByLabel("Content").fill("a: 1\nb: 2\n");
  await page.getByRole("button", { name: "Store file" }).click();
  await page.getByText("Stored /etc/shop/settings.yml.", { exact: true }).waitFor();
  const read = () => team.client.apps.files.read.query({ app, path: "/etc/shop/settings.yml" });
  expect(await read()).toMatchObject({ content: "a: 1\nb: 2\n", mode: "0444" });
  await team.client.apps.files.change.mutate({ app, set: [{ path: "/srv/key.bin", content: "AAEC", encoding: "base64", mode: "0400" }] });
  await page.goto(place);
  if (hasScripts) await checkPage(page, place);
  if (hasScripts) await shoot(page, "application-config-files");
  await page.getByRole("link", { name: "Edit /etc/shop/settings.yml" }).click();
  await page.getByRole("link", { name: "Close /etc/shop/settings.yml" }).waitFor();
  expect(await page.getByLabel("Content").inputValue()).toBe("a: 1\nb: 2\n");
  await page.getByLabel("Content").fill("a: 3\n");
  await page.getByRole("button", { name: "Store file" }).click();
  await expect.poll(async () => (await read()).content).toBe("a: 3\n");
  for (const one of ["/etc/shop/settings.yml", "/srv/key.bin"]) {
    await page.getByRole("button", { name: `Remove ${one}` }).click();
    await page.getByText(`Removed ${one}.`, { exact: true }).waitFor();
  }
  expect((await team.client.apps.files.list.query({ app })).items).toEqual([]);
  if (hasScripts) expect(errors).toEqual([]);
  await close();
});
