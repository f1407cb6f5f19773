/** A store on a medium that cannot be written. */
import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { workshop } from "./workshop.ts";

const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)("runs on a read-only medium are looked at, and that is said once", async () => {
  const shop = await workshop();
  const folder = join(shop.folder, ".atelier");
  await mkdir(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder]);
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  const train = ["train", "tiny.yaml", "--executor", "reference", "--epochs", "1"];
  expect((await shop.run([...train, "--name", "first"])).code).toBe(0);
  execFileSync("mount", ["-o", "remount,ro", folder]);

  const said = `${folder} cannot be written: its runs can be looked at, and nothing be changed.\n`;
  expect(await shop.run(["runs"])).toMatchObject({
    code: 0,
    stderr: said,
    stdout: expect.stringContaining("first"),
  });
  expect((await shop.run(["restore", "first"])).code).toBe(0);
  const stop = new AbortController();
  const onMessage = (text: string) => text.includes("Ctrl-C") && stop.abort();
  const ui = await shop.run(["ui", "--port", "0", "--json"], { signal: stop.signal, onMessage });
  expect([ui.code, ui.stderr]).toEqual([0, `${said}Ctrl-C stops it.\n`]);
  const evaluated = await shop.run(["evaluate", "first", "--executor", "reference"]);
  expect(evaluated).toMatchObject({ code: 0, stdout: expect.stringContaining("accuracy") });
  expect(evaluated.stderr).toContain("not everything of this run is kept:");
  expect(await shop.run(["runs", "tag", "first", "x"])).toMatchObject({ code: 8 });
  const unrecorded = await shop.run(train);
  expect(unrecorded).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("this training is not recorded:"),
  });
});
