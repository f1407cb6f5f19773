/** What a person does with the dashboard: train, watch it live, compare, and look at the mistakes. In Chromium. */
import { fashionMnist } from "@atelier/vision";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Atelier, openAtelier } from "./atelier.ts";
import { expectAccessible, findChromium, newPage, openChromium } from "./chromium.ts";

const hasData = await fashionMnist().then(
  () => true,
  () => false,
);
const reason =
  findChromium() === undefined ? "there is no Chromium" : hasData ? undefined : "there is no Fashion-MNIST";

describe.skipIf(reason !== undefined)(`the dashboard${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let atelier: Atelier;
  let browser: Browser;
  let page: Page;
  let url: string;
  const troubles: string[] = [];
  /** The first training, still going while its page is looked at. */
  let training: Promise<void>;
  const train = (...options: string[]) => atelier.run("train", ...options);

  beforeAll(async () => {
    atelier = await openAtelier();
    ({ url } = await atelier.serve("ui"));
    browser = await openChromium();
    page = await newPage(browser);
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  });

  afterAll(async () => {
    await browser?.close();
    await atelier?.[Symbol.asyncDispose]();
  });

  test("a training that begins appears, and is watched as it goes", async () => {
    await page.goto(url);
    await page.getByText("No run has been recorded yet").waitFor();
    await expectAccessible(page);
    training = train(
      "cnn-3",
      "--limit",
      "12000",
      "--epochs",
      "30",
      "--name",
      "first <b>run</b>",
      "--tag",
      "tryout",
    );
    await page.getByRole("link", { name: "fashion-mnist" }).click();
    await page.getByRole("link", { name: "first <b>run</b>" }).click();
    await page.getByRole("link", { name: "Model", exact: true }).click();
    await page.getByText("it has kept no trained model yet").waitFor();
    await page.getByText("32 filters, 3 × 3").waitFor();
    await page.getByRole("link", { name: "Try" }).click();
    await page.getByText("This run has no model to try yet").waitFor();
    await page.getByRole("link", { name: "Console" }).click();
    const lineCount = async () =>
      Number.parseInt((await page.getByText(/^[\d,]+ lines$/).textContent()) ?? "", 10);
    await page.getByText(/^[\d,]+ lines$/).waitFor();
    const before = await lineCount();
    await expect.poll(lineCount, { timeout: 20_000 }).toBeGreaterThan(before + 1);
    await page.getByRole("link", { name: "Charts" }).click();
    await page.getByRole("heading", { name: "val_accuracy", exact: true }).waitFor();
    await training;
    await expect
      .poll(() => page.locator(".run-heading").textContent(), { timeout: 10_000 })
      .toContain("finished");
    await expectAccessible(page);
    await page.getByRole("link", { name: "Model", exact: true }).click();
    await page.getByRole("link", { name: "Save as ONNX" }).waitFor();
  });

  test("two runs are compared: what was changed, and on which images it shows", async () => {
    await train("logistic", "--limit", "12000", "--epochs", "3", "--name", "second");
    await page.goto(`${url}/projects/local/fashion-mnist`);
    await page.getByRole("checkbox", { name: "Select second" }).check();
    await page.getByRole("checkbox", { name: "Select first <b>run</b>" }).check();
    await page.getByRole("heading", { name: "val_loss", exact: true }).waitFor();
    await expectAccessible(page);
    await page.getByRole("link", { name: "Compare", exact: true }).last().click();
    await page.getByText("McNemar p-value").waitFor();
    expect(await page.getByText(/settings differ/).textContent()).toMatch(
      /^[1-9]\d* of \d+ settings differ$/,
    );
    await page.locator(".image-tile img").first().waitFor();
    await expectAccessible(page);
    await page.reload();
    await page.getByText("McNemar p-value").waitFor();
  });

  test("the images behind a cell of the confusion matrix, and what resembles them", async () => {
    await page.goto(`${url}/projects/local/fashion-mnist`);
    await page.getByRole("link", { name: "first <b>run</b>" }).click();
    await page.getByRole("link", { name: "Evaluation" }).click();
    await page.getByRole("button", { name: /^Shirt → T-shirt\/top: / }).click();
    await page.getByRole("heading", { name: /^Shirt taken for T-shirt\/top: \d+ images$/ }).waitFor();
    const tile = page.locator(".image-tile").first();
    await expect
      .poll(() => tile.locator("img").evaluate((image: { naturalWidth?: number }) => image.naturalWidth))
      .toBe(28);
    await tile.click();
    await expect.poll(() => page.locator(".neighbours").first().locator("img").count()).toBe(8);
    expect(await page.locator(".probabilities tr[data-is=label]").first().textContent()).toContain("Shirt");
    await expectAccessible(page);
    const address = page.url();
    await page.goto(url);
    await page.goto(address);
    await page.getByRole("heading", { name: "Nearest training images" }).waitFor();
  });

  test("a model answers in the browser to what is drawn", async () => {
    await page.goto(page.url().replace(/evaluation.*/, "try"));
    const pad = page.getByLabel("Drawing area");
    const box = (await pad.boundingBox())!;
    await page.getByText("Nothing is drawn yet").waitFor();
    await page.mouse.move(box.x + 80, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 60, { steps: 4 });
    await page.mouse.move(box.x + 140, box.y + 230, { steps: 4 });
    await page.mouse.up();
    await page.getByText("Nothing is sent anywhere.").waitFor();
    const shares = await page.locator(".probabilities td.number").allTextContents();
    const total = shares.reduce((sum, text) => sum + Number.parseFloat(text), 0);
    expect(total).toBeGreaterThan(95);
    expect(total).toBeLessThan(105);
    await expectAccessible(page);
  });

  test("nothing went wrong on any of these pages", () => {
    expect(troubles).toEqual([]);
  });
});
