import { createReadStream, existsSync } from "node:fs";
import { readdir, truncate } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { describeDataset } from "../describe.ts";
import { openDataset } from "../open-dataset.ts";
import { defaultCacheFolder } from "./cache-folder.ts";
import { fashionMnist, fashionMnistFiles } from "./fashion-mnist.ts";

const debianFolder = "/usr/share/datasets/fashion-mnist";
const isInstalled = existsSync(debianFolder);
if (!isInstalled)
  console.warn(`Skipped: Fashion-MNIST is not in ${debianFolder} (apt-get install dataset-fashion-mnist)`);

describe.skipIf(!isInstalled)("the real data", () => {
  test("comes from Debian's folder, then from the cache, and is repaired there", async () => {
    const cacheFolder = await temporaryFolder();
    const notices: string[] = [];
    const onNotice = (message: string) => notices.push(message);
    const options = { cacheFolder, allowNetwork: false, onNotice };
    const { train, validation, test } = await fashionMnist(options);
    expect([train.size, validation.size, test.size]).toEqual([54_000, 6_000, 10_000]);
    expect(describeDataset(validation).classes.every(({ count }) => count === 600)).toBe(true);

    const kept = Object.values(fashionMnistFiles).map(({ name }) => name);
    expect((await readdir(join(cacheFolder, "fashion-mnist"))).sort()).toEqual(kept.sort());
    const warm = await openDataset("fashion-mnist", { ...options, debianFolder: "/nonexistent" });
    expect(notices).toEqual([]);

    await truncate(join(cacheFolder, "fashion-mnist", "t10k-images-idx3-ubyte"), 1000);
    const repaired = await openDataset("fashion-mnist", options);
    expect(notices).toEqual([expect.stringContaining("t10k-images-idx3-ubyte: expected 7840016 bytes")]);
    expect(repaired.test?.checksum).toBe(warm.test?.checksum);
  });

  test("comes through a mirror, file by file, when there is no folder with it", async () => {
    const server = createServer((request, response) => {
      createReadStream(join(debianFolder, basename(request.url!))).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const cacheFolder = await temporaryFolder();
    const whats = new Set<string>();
    const { test } = await fashionMnist({
      cacheFolder,
      debianFolder: "/nonexistent",
      mirrors: [`http://127.0.0.1:${port}/`],
      onProgress: ({ what }) => whats.add(what),
    });
    expect(test.size).toBe(10_000);
    expect([...whats]).toEqual(Object.values(fashionMnistFiles).map(({ name }) => `downloading ${name}`));
    expect(await readdir(join(cacheFolder, "fashion-mnist"))).toHaveLength(4);
  });

  test("has the published statistics", async () => {
    const options = { folder: debianFolder, cacheFolder: await temporaryFolder(), allowNetwork: false };
    const { train } = await openDataset("fashion-mnist", options);
    const description = describeDataset(train);
    expect(description.classes.map(({ count }) => count)).toEqual(new Array(10).fill(6_000));
    expect(description.mean[0]).toBeCloseTo(0.286, 3);
    expect(description.standardDeviation[0]).toBeCloseTo(0.353, 3);
    expect(await readdir(options.cacheFolder)).toEqual([]);
  });
});

test("without data and network, the message lists what was tried", async () => {
  const folder = await temporaryFolder();
  const options = { folder, cacheFolder: folder, debianFolder: join(folder, "no"), allowNetwork: false };
  const failure = fashionMnist(options);
  await expect(failure).rejects.toMatchObject({ code: "no-data" });
  await expect(failure).rejects.toThrow(
    [
      "Fashion-MNIST could not be found. Tried:",
      `  - the folder ${folder}: ${folder} has no t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz`,
      `  - the cache: ${folder}/fashion-mnist is not a readable folder`,
      `  - Debian's folder: ${folder}/no is not a readable folder`,
      "  - mirrors and apt-get: the network may not be used",
      "Put t10k-labels-idx1-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, train-images-idx3-ubyte",
    ].join("\n"),
  );
});

test("an unknown name is answered with the nearest, and a folder of something else with what is expected", async () => {
  await expect(openDataset("fashon-mnist")).rejects.toThrow('did you mean "fashion-mnist"?');
  await expect(openDataset("/nonexistent/folder")).rejects.toMatchObject({ code: "no-data" });
  await expect(openDataset(await temporaryFolder())).rejects.toThrow("expected IDX files");
});

test("the cache folder follows XDG, and a relative path there is ignored as XDG says", () => {
  expect(defaultCacheFolder({ XDG_CACHE_HOME: "/c", HOME: "/h" })).toBe("/c/atelier");
  expect(defaultCacheFolder({ XDG_CACHE_HOME: "c", HOME: "/h" })).toBe("/h/.cache/atelier");
  expect(defaultCacheFolder({ HOME: "/h" })).toBe("/h/.cache/atelier");
});
