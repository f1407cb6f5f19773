import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import { storeFolder } from "../../test/store-folder.ts";
import type { HistoryRow } from "../model/history.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { type ExportTable, historyTable } from "./export-table.ts";
import { parquet } from "./parquet.ts";
import { csv, jsonLines } from "./text-formats.ts";

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  return (await Array.fromAsync(pieces)).join("");
}

async function parquetOf(table: ExportTable): Promise<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(await Array.fromAsync(parquet(table)))).buffer;
}

test("runs that have no key in common share a table, and cost what they have", async () => {
  await using folder = await storeFolder();
  await using store = openSqliteStore({ folder: folder.path });
  const runs = Array.from({ length: 150 }, (_, r) => `run ${r}`);
  for (const [r, id] of runs.entries()) {
    await store.createRun({ id, entity: "local", project: "p", createdAt: 0 });
    const rows = Array.from({ length: 60 }, (_, row): HistoryRow => {
      const values = { [`a${r}`]: row % 2 === 0 ? row : Number.NaN, [`z${r}`]: row === 3 ? "three" : row };
      return { row, step: row, time: row, values: row === 5 ? {} : values };
    });
    await store.append(id, { rows });
  }
  const table = await historyTable(store, runs);
  expect(table.columns).toHaveLength(4 + 300);

  const lines = (await textOf(jsonLines(table))).trim().split("\n");
  expect(lines).toHaveLength(9000);
  expect(JSON.parse(lines[60 * 7 + 3]!)).toEqual({
    run: "run 7",
    row: 3,
    step: 3,
    time: 3,
    a7: "NaN",
    z7: "three",
  });
  expect(JSON.parse(lines[5]!)).toEqual({ run: "run 0", row: 5, step: 5, time: 5 });

  const [head, ...records] = (await textOf(csv(table)))
    .trim()
    .split("\r\n")
    .map((line) => line.split(","));
  expect(head).toEqual(table.columns.map(({ name }) => name));
  expect(new Set(records.map(({ length }) => length))).toEqual(new Set([304]));
  const record = records[60 * 149 + 4]!;
  expect([record[head!.indexOf("a149")], record[head!.indexOf("z149")]]).toEqual(["4", "4"]);
  expect(record.filter((cell) => cell !== "")).toHaveLength(6);

  const file = await parquetOf(table);
  const { row_groups } = parquetMetadata(file);
  expect(row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([8220, 780]);
  for (const { columns } of row_groups) {
    expect(columns.map(({ meta_data }) => meta_data!.path_in_schema[0])).toEqual(head);
  }
  const read = await parquetReadObjects({ file });
  expect(read).toHaveLength(9000);
  const present = (index: number) =>
    Object.fromEntries(Object.entries(read[index]!).filter(([, value]) => value !== null));
  expect(present(60 * 7 + 3)).toEqual({
    run: "run 7",
    row: 3,
    step: 3,
    time: 3,
    a7: Number.NaN,
    z7: "three",
  });
  expect(present(8999)).toMatchObject({ run: "run 149", row: 59, z149: "59" });
});
