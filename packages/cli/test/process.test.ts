/** The real process: what tests in-process cannot see. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type HistoryRow, openSqliteStore } from "@atelier/tracker";
import { expect, test } from "vitest";
import { workshop } from "./workshop.ts";

const bin = fileURLToPath(new URL("../bin/atelier.js", import.meta.url));

function start(folder: string, args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder,
    env: { ...process.env, ...variables },
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output.stderr += chunk;
  });
  return { child, output };
}

test("results come on stdout, and the exit code says how it went", async () => {
  const { folder } = await workshop();
  const good = start(folder, ["recipes", "--json"]);
  expect(await once(good.child, "close")).toEqual([0, null]);
  expect(JSON.parse(good.output.stdout).recipes).toHaveLength(8);
  const bad = start(folder, ["trian"]);
  expect(await once(bad.child, "close")).toEqual([2, null]);
  expect(bad.output).toEqual({
    stdout: "",
    stderr: "atelier: unknown command 'trian'; did you mean train?\n",
  });
});

test("what is compiled is kept in the user's cache folder, and where that cannot be, the command works all the same", async () => {
  const { folder } = await workshop();
  for (const cache of [join(folder, "cache"), "/proc/nowhere", "/dev/null"]) {
    const { child, output } = start(folder, ["recipes"], { XDG_CACHE_HOME: cache });
    expect(await once(child, "close")).toEqual([0, null]);
    expect(output.stderr).toBe("");
  }
  expect(await readdir(join(folder, "cache", "atelier", "compiled"))).toHaveLength(1);
});

test("one Ctrl-C, even delivered twice, stops at a step boundary and keeps a checkpoint", async () => {
  const { folder } = await workshop();
  const args = ["train", "tiny.yaml", "--executor", "reference", "--epochs", "5000", "--out", "stopped"];
  const { child, output } = start(folder, args);
  while (!output.stderr.includes("2/5000")) await once(child.stderr, "data");
  child.kill("SIGINT");
  child.kill("SIGINT");
  expect(await once(child, "close")).toEqual([130, null]);
  expect(output.stderr).toMatch(/to go on: npx atelier train --resume stopped\/checkpoint\.safetensors\n$/);
  expect(await readdir(join(folder, "stopped"))).toContain("checkpoint.safetensors");
});

test("one Ctrl-C ends an export, to a file or to a pipe, and leaves nothing under its name", async () => {
  const { folder } = await workshop();
  {
    await using store = openSqliteStore({ folder: join(folder, ".atelier") });
    await store.createRun({ id: "long", entity: "local", project: "p", createdAt: 0 });
    for (let start = 0; start < 200_000; start += 20_000) {
      const rows = Array.from({ length: 20_000 }, (_, i): HistoryRow => {
        const values = { loss: Math.random(), accuracy: Math.random(), text: "some words" };
        return { row: start + i, step: start + i, time: 0, values };
      });
      await store.append("long", { rows });
    }
  }
  const toFile = start(folder, ["runs", "export", "long", "--out", "long.csv"]);
  while (!(await readdir(folder)).some((name) => name.startsWith("long.csv."))) await setTimeout(5);
  toFile.child.kill("SIGINT");
  expect(await once(toFile.child, "close")).toEqual([130, null]);
  expect(toFile.output.stderr).toMatch(/\natelier: stopped: .*long\.csv is not written\.\n$/);
  expect((await readdir(folder)).filter((name) => name.startsWith("long"))).toEqual([]);
  const toPipe = start(folder, ["runs", "export", "long"]);
  await once(toPipe.child.stdout, "data");
  toPipe.child.kill("SIGINT");
  expect(await once(toPipe.child, "close")).toEqual([130, null]);
  expect(toPipe.output.stderr).toMatch(/\natelier: stopped: the export is not complete\.\n$/);
});
