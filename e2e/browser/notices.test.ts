import { createHmac } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, shoot } from "../support/browser";
import { type FreshTeam, openFreshTeam } from "../support/fresh-team";
import { openPlatform, type Platform, untilEnded } from "../support/platform";

let platform: Platform;
let team: FreshTeam;
let browser: Awaited<ReturnType<typeof openBrowser>>;
const calls: { signature: string; body: string }[] = [];
const receiver = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => {
    body += part;
  });
  request.on("end", () => {
    calls.push({ signature: String(request.headers["x-dokploy-signature-256"]), body });
    response.end("thank you");
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  platform = openPlatform();
  team = await openFreshTeam(platform);
  browser = await openBrowser();
  await browser.context.addCookies([team.cookie]);
});
afterAll(async () => {
  await browser.close();
  await team.close();
  await new Promise((resolve) => receiver.close(resolve));
});

test("name a webhook, test it, and be told of a real failure", async () => {
  const { page } = browser;
  await page.goto(`${platform.up.dashboard}/settings`);
  await page.getByLabel("Address").fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`);
  await page.getByRole("button", { name: "Send notices here" }).click();
  const secret = await page.locator(".panel", { hasText: "Signing secret" }).locator("code").innerText();
  await page.getByRole("button", { name: "Send a test notice" }).click();
  await page.getByText("200: thank you", { exact: true }).waitFor();
  await shoot(page, "notices-tested");
  expect(calls.map((call) => JSON.parse(call.body).event)).toEqual(["test"]);

  await team.client.projects.create.mutate({ name: "shop" });
  const app = await team.client.apps.create.mutate({ name: "web", project: "shop", image: "127.0.0.1:9/nothing/here:1" });
  const run = await team.client.deployments.create.mutate({ app: app.id });
  expect((await untilEnded(team, run.id)).status).toBe("failed");
  await expect.poll(() => calls.length, { timeout: 10_000 }).toBe(2);
  const told = calls[1];
  expect(JSON.parse(told?.body ?? "")).toMatchObject({ event: "deployment.failed", deployment: { id: run.id, number: 1, app: "web", project: "shop" } });
  expect(told?.signature).toBe(
    `sha256=${createHmac("sha256", secret)
      .update(told?.body ?? "")
      .digest("hex")}`,
  );
});
