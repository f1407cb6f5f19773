import { join } from "node:path";
import { expect, test } from "vitest";
import { storeFolder } from "../../test/store-folder.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { openSpool } from "./spool.ts";

const create = (id: string) => ({ create: { id, entity: "local", project: "p", createdAt: 1 } });
const row = (number: number) => ({ row: { row: number, step: number, time: 1, values: { a: number } } });

test("what one run cannot get rid of holds up no other, and stays", async () => {
  await using folder = await storeFolder();
  await using store = openSqliteStore({ folder: folder.path });
  const spool = openSpool(folder.path, join(folder.path, "spool"));
  for (const id of ["a", "b", "c"]) {
    spool.write(id, [create(id), row(0)]);
    await store.createRun(create(id).create);
  }
  const picky: typeof store = {
    ...store,
    append: async (id, batch) => {
      if (id === "b") throw new Error("not this one");
      await store.append(id, batch);
    },
  };
  await expect(spool.drain(picky)).rejects.toThrow("not this one");
  await spool.drain(picky, "a"); // nothing is left of it
  for (const [id, next] of [
    ["a", 1],
    ["b", 0],
    ["c", 1],
  ] as const) {
    expect((await store.getRun(id)).next.row).toBe(next);
  }
  await spool.drain(store, "b");
  expect((await store.getRun("b")).next.row).toBe(1);
});

test("what a program adds while another writes the rest is not lost", async () => {
  await using folder = await storeFolder();
  await using store = openSqliteStore({ folder: folder.path });
  const spool = openSpool(folder.path, join(folder.path, "spool"));
  spool.write("a", [create("a"), ...Array.from({ length: 9000 }, (_, i) => row(i))]);
  let isAdded = false;
  await spool.drain({
    ...store,
    append: async (id, batch) => {
      if (!isAdded) isAdded = spool.write("a", [row(9000)]);
      await store.append(id, batch);
    },
  });
  await spool.drain(store);
  expect((await store.getRun("a")).next.row).toBe(9001);
});
