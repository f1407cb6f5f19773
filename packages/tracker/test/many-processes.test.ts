/**
 * Many processes at one store. With 32 of them:
 * ATELIER_WRITERS=32 npx vitest run packages/tracker/test/many-processes.test.ts
 */
import { expect, test } from "vitest";
import { openSqliteStore } from "../src/index.ts";
import { runProgram } from "./processes/run-process.ts";
import { storeFolder } from "./store-folder.ts";

const writers = Number(process.env.ATELIER_WRITERS ?? 6);

test(`${writers} writers and a reader never see each other's locks, and all rows arrive`, async () => {
  await using folder = await storeFolder();
  await using reader = openSqliteStore({ folder: folder.path });
  const ids = Array.from({ length: writers }, (_, i) => `writer ${i}`);
  let isDone = false;
  const writing = Promise.all(ids.map((id) => runProgram("log-rows.ts", [folder.path, id, "500"])));
  const watching = (async () => {
    let { cursor } = await reader.changesSince();
    while (!isDone) {
      const changes = await reader.changesSince(cursor);
      for (const { runId } of changes.runs) await reader.readRows({ runId, changedAfter: cursor });
      cursor = changes.cursor;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  for (const { exitCode, stderr } of await writing) expect([exitCode, stderr]).toEqual([0, ""]);
  isDone = true;
  await watching;
  for (const id of ids) {
    expect((await reader.getRun(id)).state).toBe("finished");
    const { rows } = await reader.readRows({ runId: id });
    expect(rows.map(({ values }) => values.row)).toEqual(Array.from({ length: 500 }, (_, i) => i));
  }
}, 120_000);
