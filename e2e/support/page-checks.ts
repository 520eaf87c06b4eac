import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 1000 };
const LARGEST_SHIFT = 0.02;

declare global {
  interface Window {
    shifted: number;
  }
}

/** What no page may do: write errors to the console, or move what is read. */
export async function watchPages(context: BrowserContext): Promise<string[]> {
  const errors: string[] = [];
  await context.addInitScript(() => {
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
        if (!entry.hadRecentInput) window.shifted += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  const watch = (page: Page) => {
    page.on("pageerror", (error) => errors.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      // containers that start and stop beside the browser change the machine's networks: Chromium lets go of what it was loading
      if (message.type() === "error" && !/status of 4\d\d|ERR_NETWORK_CHANGED/.test(message.text())) errors.push(`${page.url()}: ${message.text()}`);
    });
  };
  context.pages().forEach(watch);
  context.on("page", watch);
  return errors;
}

/** Loads a page and checks what holds for all: it stands still, has one first heading, and does not scroll sideways on a phone. */
export async function checkPage(page: Page, address: string): Promise<void> {
  await page.setViewportSize(DESK);
  await page.goto(address, { waitUntil: "load" });
  await page.waitForTimeout(250);
  expect(await page.evaluate(() => window.shifted), `${address} moves while it loads`).toBeLessThan(LARGEST_SHIFT);
  expect(await page.locator("h1").count(), `first headings of ${address}`).toBe(1);
  await page.setViewportSize(PHONE);
  const wide = await page.evaluate(() => ({ page: document.documentElement.scrollWidth, screen: document.documentElement.clientWidth }));
  expect(wide.page, `${address} scrolls sideways on a phone`).toBe(wide.screen);
  const open = page.locator(".tabs [aria-current]");
  if ((await open.count()) === 1) await expect.poll(() => isInView(page), { message: `the open tab of ${address} is in view` }).toBe(true);
  expect(await unnamed(page), `controls of ${address} without a name`).toEqual([]);
  await page.setViewportSize(DESK);
}

const isInView = (page: Page) =>
  page.evaluate(() => {
    const bar = document.querySelector(".tabs");
    const open = bar?.querySelector("[aria-current]")?.getBoundingClientRect();
    return open !== undefined && open.left >= 0 && open.right <= window.innerWidth + 1;
  });

/** Controls that a reader of the screen would hear no name of. */
const unnamed = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("main :is(input:not([type=hidden]), textarea, select, button, a[href])")]
      .filter((one) => {
        const labels =
          one instanceof HTMLInputElement || one instanceof HTMLTextAreaElement || one instanceof HTMLSelectElement ? (one.labels?.length ?? 0) : 0;
        return labels === 0 && !one.getAttribute("aria-label") && !one.textContent?.trim();
      })
      .map((one) => one.outerHTML.slice(0, 120)),
  );

/** Presses Tab until the control with this name has the focus. @throws when it is not reached in as many presses as there are controls */
export async function reachByTab(page: Page, name: string): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const controls = await page.locator(":is(a[href], button, input, select, textarea, summary)").count();
  for (let presses = 0; presses <= controls + 2; presses++) {
    await page.keyboard.press("Tab");
    const text = await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
    if (text.trim() === name) return;
  }
  throw new Error(`${page.url()}: “${name}” is not reached by Tab.`);
}
