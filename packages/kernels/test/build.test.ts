/** The build script where there is nothing to build with. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { KernelsUnavailable, loadKernels } from "../src/index.ts";

const script = fileURLToPath(new URL("../build.mjs", import.meta.url));

function build(args: readonly string[]) {
  return spawnSync(process.execPath, [script, ...args], { env: { PATH: "" }, encoding: "utf8" });
}

it("without a compiler an install succeeds, with one line on what to do", () => {
  const { status, stderr } = build(["--install"]);
  expect(status).toBe(0);
  expect(stderr).toBe(
    "native kernels: no C++ compiler (g++): for the native executor, `apt-get install g++` then `npm run build:native`\n",
  );
});

it("without a compiler a build fails", () => {
  expect(build([]).status).toBe(1);
});

it("a missing add-on is reported with its file and the remedy", () => {
  expect(() => loadKernels("/nowhere/atelier-kernels.node")).toThrow(KernelsUnavailable);
  expect(() => loadKernels("/nowhere/atelier-kernels.node")).toThrow(/\/nowhere.*npm run build:native/);
});
