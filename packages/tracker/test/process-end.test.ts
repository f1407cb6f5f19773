import { expect, test } from "vitest";
import { openSqliteStore } from "../src/index.ts";
import { runProgram } from "./processes/run-process.ts";
import { storeFolder } from "./store-folder.ts";

test.each([
  ["return", { state: "finished", error: undefined }],
  ["throw", { state: "failed", error: "the boiler burst" }],
  ["dispose", { state: "failed", error: "the boiler burst" }],
  ["exit", { state: "failed", error: "the process ended with exit code 3." }],
  ["interrupt", { state: "stopped", error: undefined }],
])("a process that ends by %s leaves its run so, and its rows written", async (how, expected) => {
  await using folder = await storeFolder();
  await runProgram("end-badly.ts", [folder.path, how]);
  await using store = openSqliteStore({ folder: folder.path });
  expect(await store.getRun(how)).toMatchObject({ ...expected, summary: { loss: 1 }, next: { row: 1 } });
});
