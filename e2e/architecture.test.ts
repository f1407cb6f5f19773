import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

it.each([
  "ARCHITECTURE.md",
  "README.md",
  "docs/guides/add-an-op.md",
  "docs/guides/add-a-layer.md",
  "docs/guides/add-an-optimizer.md",
  "docs/guides/add-a-recipe.md",
  "docs/guides/add-a-page.md",
])("every path that %s names exists", (document) => {
  const text = readFileSync(root + document, "utf8");
  const paths = [...text.matchAll(/(?:packages|recipes|bench|e2e|docs)\/[\w./@-]*\w/g)].map(([path]) => path);
  expect(paths.filter((path) => !existsSync(root + path))).toEqual([]);
});

it("ARCHITECTURE.md stays short", () => {
  expect(readFileSync(`${root}ARCHITECTURE.md`, "utf8").split("\n").length).toBeLessThan(200);
});
