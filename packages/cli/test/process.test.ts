/** The real process: what tests in-process cannot see. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { workshop } from "./workshop.ts";

const bin = fileURLToPath(new URL("../bin/atelier.js", import.meta.url));

function start(folder: string, args: readonly string[]) {
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder });
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
