import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { storeFolder } from "../../../test/store-folder.ts";
import { openDatabase } from "./open-database.ts";
import { readRun } from "./run-rows.ts";
import { schemaSteps } from "./schema.ts";

const first = ["CREATE TABLE shoe (size INTEGER); INSERT INTO shoe VALUES (42)"];
const second = [...first, "ALTER TABLE shoe ADD COLUMN colour TEXT DEFAULT 'red'"];

test("an older store is brought up to date, and a copy of it stays", async () => {
  await using folder = await storeFolder();
  const path = join(folder.path, "it's.db");
  openDatabase(path, first).close();
  const database = openDatabase(path, second);
  expect(database.statement("SELECT * FROM shoe").all()).toEqual([{ size: 42, colour: "red" }]);
  database.close();
  const copy = new DatabaseSync(join(folder.path, "it's.v1.db"));
  expect(copy.prepare("SELECT * FROM shoe").all()).toEqual([{ size: 42 }]);
  copy.close();
  openDatabase(path, second).close(); // nothing is left to do
});

test("a step that fails leaves the store as it was", async () => {
  await using folder = await storeFolder();
  const path = join(folder.path, "atelier.db");
  openDatabase(path, first).close();
  expect(() => openDatabase(path, [...second, "INSERT INTO nowhere VALUES (1)"])).toThrow("nowhere");
  const database = openDatabase(path, first);
  expect(database.statement("SELECT * FROM shoe").all()).toEqual([{ size: 42 }]);
  database.close();
});

test("a newer store is refused with a sentence, and not touched", async () => {
  await using folder = await storeFolder();
  const path = join(folder.path, "atelier.db");
  openDatabase(path, second).close();
  expect(() => openDatabase(path, first)).toThrow(
    `${path}: the store is of version 2, this Atelier knows up to 1; install a newer Atelier.`,
  );
  expect(existsSync(join(folder.path, "atelier.v2.db"))).toBe(false);
});

test("what is no store is refused", async () => {
  await using folder = await storeFolder();
  const text = join(folder.path, "text.db");
  writeFileSync(text, "no database at all, but long enough to have a header ".repeat(20));
  expect(() => openDatabase(text)).toThrow("the file is no SQLite database");
  const foreign = join(folder.path, "foreign.db");
  const other = new DatabaseSync(foreign);
  other.exec("CREATE TABLE mine (x)");
  other.close();
  expect(() => openDatabase(foreign)).toThrow("expected a store of Atelier, got another database");
  expect(() => openDatabase(join(folder.path, "no", "such", "folder.db"))).toThrow("cannot be opened");
});

test("a run of before stores had a clock of its own started when its program said", async () => {
  await using folder = await storeFolder();
  const path = join(folder.path, "atelier.db");
  const old = openDatabase(path, schemaSteps.slice(0, 2));
  old.exec(`INSERT INTO project VALUES (1, 'local', 'shoes', 1000, 1);
    INSERT INTO run (id, project_no, name, tags, notes, config, summary, metrics, state, created_at, heartbeat_at, change, run_change)
    VALUES ('a', 1, 'first', '[]', '', '{}', '{}', '{}', 'running', 1000, 5000, 1, 1)`);
  old.close();
  const database = openDatabase(path);
  expect(readRun(database, 1).run).toMatchObject({ createdAt: 1000, startedAt: 1000, heartbeatAt: 5000 });
  database.close();
});

test("the released steps are never changed", () => {
  expect(schemaSteps.length).toBe(3);
});
