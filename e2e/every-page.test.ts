/** Every page of the dashboard, in both themes and on a phone: accessible, and usable by keyboard. In Chromium. */
import { readFileSync } from "node:fs";
import { apiClient } from "@atelier/tracker/api";
import { fashionMnist } from "@atelier/vision";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Atelier, openAtelier } from "./atelier.ts";
import { expectAccessible, expectReachable, findChromium, newPage, openChromium } from "./chromium.ts";

interface PageUnderTest {
  /** As the router has it. */
  readonly route: string;
  /** With `RUN` and `OTHER` in place of the runs' ids. */
  readonly address: string;
  /** What one comes for. */
  readonly action: (page: Page) => Locator;
}

const project = "/projects/local/fashion-mnist";
const byRole = (role: "button" | "link" | "checkbox" | "searchbox", name: string | RegExp) => (page: Page) =>
  page.getByRole(role, { name }).first();

const pages: readonly PageUnderTest[] = [
  { route: "/", address: "/", action: byRole("link", "fashion-mnist") },
  { route: "/projects/$entity/$project", address: project, action: byRole("checkbox", "Select second") },
  {
    route: "/projects/$entity/$project/compare",
    address: `${project}/compare?runs=RUN,OTHER`,
    action: byRole("button", /fixed by/),
  },
  {
    route: "/projects/$entity/$project/data",
    address: `${project}/data`,
    action: byRole("button", "Others"),
  },
  {
    route: "/projects/$entity/$project/artifacts",
    address: `${project}/artifacts`,
    action: byRole("link", "logistic"),
  },
  {
    route: "/projects/$entity/$project/artifacts/$name",
    address: `${project}/artifacts/logistic`,
    action: byRole("link", "model.safetensors"),
  },
  { route: "/runs/$runId", address: "/runs/RUN", action: byRole("button", "Add tags and notes") },
  { route: "/charts", address: "/runs/RUN/charts", action: (page) => page.getByTitle("Export val_loss") },
  { route: "/system", address: "/runs/RUN/system", action: byRole("searchbox", "Find a metric") },
  { route: "/console", address: "/runs/RUN/console", action: byRole("searchbox", "Find in these lines") },
  { route: "/files", address: "/runs/RUN/files", action: byRole("link", "model.safetensors") },
  { route: "/model", address: "/runs/RUN/model", action: byRole("link", "Save as ONNX") },
  {
    route: "/evaluation",
    address: "/runs/RUN/evaluation",
    action: byRole("button", /^Shirt → T-shirt\/top: /),
  },
  {
    route: "/evaluation",
    address: "/runs/RUN/evaluation?show=6,0&image=IMAGE",
    action: byRole("button", "Image"),
  },
  { route: "/try", address: "/runs/RUN/try", action: byRole("button", "Pick an image") },
];
/** What stands where there is nothing to show. */
const emptyPages: readonly string[] = [
  "/runs/nobody",
  "/nowhere",
  `${project}/artifacts/nothing`,
  `${project}/compare`,
  "/projects/local/unused",
  "/projects/local/unused/artifacts",
  "/projects/local/unused/data",
];

const hasData = await fashionMnist().then(
  () => true,
  () => false,
);
const reason =
  findChromium() === undefined ? "there is no Chromium" : hasData ? undefined : "there is no Fashion-MNIST";

describe.skipIf(reason !== undefined)(
  `every page${reason ? ` (skipped: ${reason})` : ""}`,
  { timeout: 180_000 },
  () => {
    let atelier: Atelier;
    let browser: Browser;
    let url: string;
    let ids: Readonly<Record<string, string>>;
    const troubles: string[] = [];

    beforeAll(async () => {
      atelier = await openAtelier();
      for (const [name, recipe] of [
        ["first", "logistic"],
        ["second", "mlp-256"],
      ] as const) {
        await atelier.run("train", recipe, "--limit", "3000", "--epochs", "2", "--name", name);
      }
      ({ url } = await atelier.serve("ui"));
      const { runs } = await apiClient({ url }).call("listRuns");
      const idOf = (wanted: string) => runs.find(({ name }) => name === wanted)!.id;
      ids = { RUN: idOf("first"), OTHER: idOf("second"), IMAGE: "7" };
      browser = await openChromium();
    });

    afterAll(async () => {
      await browser?.close();
      await atelier?.[Symbol.asyncDispose]();
    });

    const open = async (page: Page, address: string) => {
      await page.goto(url + address.replaceAll(/RUN|OTHER|IMAGE/g, (name) => ids[name]!));
      await page.locator("main").waitFor();
      await expect.poll(() => page.locator(".waiting").count(), { timeout: 15_000 }).toBe(0);
    };
    const pageIn = async (colorScheme: "light" | "dark", width = 1280, height = 800) => {
      const page = await newPage(browser, { colorScheme, viewport: { width, height } });
      page.on("pageerror", (error) => troubles.push(error.message));
      return page;
    };

    test("is in the list of this test", () => {
      const router = readFileSync(new URL("../packages/dashboard/src/router.tsx", import.meta.url), "utf8");
      const routes = [...router.matchAll(/path: "([^"]+)"/g)].map(([, path]) => path!);
      const tested = new Set(pages.map(({ route }) => route));
      expect(routes.filter((route) => !tested.has(route))).toEqual([]);
    });

    test.each(["light", "dark"] as const)("satisfies axe, %s", async (theme) => {
      const page = await pageIn(theme);
      for (const address of [...pages.map((one) => one.address), ...emptyPages]) {
        await open(page, address);
        await expectAccessible(page);
      }
      await page.close();
    });

    test("is reached by keyboard in what one comes for", async () => {
      const page = await pageIn("light");
      for (const { address, action } of pages) {
        await open(page, address);
        await expectReachable(page, action(page));
      }
      await page.close();
    });

    test("fits a phone", async () => {
      const page = await pageIn("dark", 390, 844);
      for (const address of [...pages.map((one) => one.address), ...emptyPages]) {
        await open(page, address);
        const overflow = await page.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        expect(overflow, address).toBe(0);
        await expectAccessible(page);
      }
      await page.close();
    });

    test("works by Enter and Space: two runs are chosen and compared without a mouse", async () => {
      const page = await pageIn("light");
      await open(page, project);
      for (const name of ["first", "second"]) {
        await expectReachable(page, page.getByRole("checkbox", { name: `Select ${name}` }));
        await page.keyboard.press("Space");
      }
      await expectReachable(page, page.locator(".selection").getByRole("link", { name: "Compare" }));
      await page.keyboard.press("Enter");
      await page.getByText("McNemar p-value").waitFor();
      await page.close();
    });

    test("says that the server is gone, and goes on when it is back", async () => {
      const server = await atelier.serve("ui");
      const page = await pageIn("light");
      await page.goto(`${server.url}${project}`);
      await page.getByRole("heading", { name: "val_loss" }).waitFor();
      await server.stop();
      await page.getByText("What is shown may be old").waitFor();
      await expectAccessible(page);
      await page.getByRole("link", { name: "Data", exact: true }).click();
      await page.getByText("The server does not answer", { exact: true }).waitFor();
      await expectAccessible(page);
      await atelier.serve("ui", Number(new URL(server.url).port));
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByText("Samples of each class").waitFor();
      await expect
        .poll(() => page.getByText("What is shown may be old").count(), { timeout: 15_000 })
        .toBe(0);
      await page.close();
    });

    test("has no errors", () => {
      expect(troubles).toEqual([]);
    });
  },
);
