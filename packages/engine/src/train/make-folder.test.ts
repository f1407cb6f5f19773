import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFolder } from "./make-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "atelier-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("makes all that is missing, and tells whether the folder is new", async () => {
  const path = join(folder, "a", "b", "c");
  expect(await makeFolder(path)).toBe(true);
  expect(statSync(path).isDirectory()).toBe(true);
  expect(await makeFolder(path)).toBe(false);
  const racing = await Promise.all([1, 2, 3].map(() => makeFolder(join(folder, "d", "e"))));
  expect(racing.filter((isNew) => isNew)).toHaveLength(1);
});

it("says why not", async () => {
  writeFileSync(join(folder, "file"), "");
  const refused = (...parts: string[]) => expect(makeFolder(join(folder, ...parts))).rejects;
  await refused("file").toMatchObject({
    code: "cannot-write",
    message: expect.stringMatching(/file: a file has this name; choose/),
  });
  await refused("file", "b").toThrow(/b: part of its path is a file; choose another\.$/);
  await expect(makeFolder("/proc/atelier/x")).rejects.toMatchObject({ code: "cannot-write" });
});
