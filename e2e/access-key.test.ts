/** A browser at a server that wants its key: refused, let in, still in after a reload, and out again. In Chromium. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Atelier, openAtelier, type Served } from "./atelier.ts";
import { expectAccessible, expectReachable, findChromium, newPage, openChromium } from "./chromium.ts";

const reason = findChromium() === undefined ? "there is no Chromium" : undefined;

describe.skipIf(reason !== undefined)(`the access key${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let atelier: Atelier;
  let browser: Browser;
  let page: Page;
  let server: Served;
  let key: string;

  beforeAll(async () => {
    atelier = await openAtelier();
    server = await atelier.serve("serve");
    key = /access key, shown this once: (\S+)/.exec(server.said())![1]!;
    browser = await openChromium();
    page = await newPage(browser);
  });

  afterAll(async () => {
    await browser?.close();
    await atelier?.[Symbol.asyncDispose]();
  });

  test("is asked for, once, at any address", async () => {
    for (const address of [
      "/",
      "/runs/some",
      "/projects/local/some",
      "/projects/local/some/compare?runs=a,b",
    ]) {
      await page.goto(server.url + address);
      await page.getByText("This server wants its access key").waitFor();
      expect(await page.getByLabel("Access key").count(), address).toBe(1);
      await expectAccessible(page);
    }
    expect(await page.getByRole("button", { name: "Sign out" }).count()).toBe(0);
  });

  test("is refused in a sentence when it is wrong", async () => {
    await page.goto(server.url);
    await page.getByLabel("Access key").fill(`${key.slice(0, -1)}?`);
    await page.getByRole("button", { name: "Enter" }).click();
    await page.getByText("This is not the access key of this server.").waitFor();
    await expectAccessible(page);
    expect(await page.context().cookies()).toEqual([]);
  });

  test("lets in, by keyboard, and still does after a reload and in another window", async () => {
    await expectReachable(page, page.getByLabel("Access key"));
    await page.getByLabel("Access key").fill(key);
    await page.keyboard.press("Enter");
    await page.getByText("No run has been recorded yet").waitFor();
    await page.reload();
    await page.getByText("No run has been recorded yet").waitFor();
    const other = await page.context().newPage();
    await other.goto(server.url);
    await other.getByText("No run has been recorded yet").waitFor();
    await other.close();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    expect(await page.evaluate("document.cookie")).toBe("");
  });

  test("is forgotten by signing out", async () => {
    await expectReachable(page, page.getByRole("button", { name: "Sign out" }));
    await page.keyboard.press("Enter");
    await page.getByText("This server wants its access key").waitFor();
    await page.reload();
    await page.getByText("This server wants its access key").waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });
});
