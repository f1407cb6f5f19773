/** Brings a store's file to the present version, so that the rest of the store knows only that one. */
import { existsSync, statSync } from "node:fs";
import { TrackerError } from "../../model/tracker-error.ts";
import { Database } from "./database.ts";
import { schemaSteps } from "./schema.ts";

/** "ATLR": tells a store from other SQLite files. */
const applicationId = 0x41544c52;

/**
 * Opens a store's file, made if there is none. One of an older version is first copied beside itself
 * (`atelier.v1.db`), then brought up to date. Throws newer-store for one of a newer version, bad-store for a file that is
 * something else, cannot-write.
 */
export function openDatabase(path: string, steps: readonly string[] = schemaSteps): Database {
  const database = new Database(path);
  try {
    refuseForeign(database, steps.length);
    // Both stay with the file; the first has to come before any table.
    database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    database.exec("PRAGMA journal_mode = WAL");
    // In WAL, NORMAL never loses a commit when a process dies; only a power cut may take the last moments, never more.
    database.exec("PRAGMA synchronous = NORMAL");
    if (version(database) < steps.length) migrate(database, steps);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Opens a store's file that cannot be written, for reading alone. Throws what openDatabase throws: cannot-write also for an
 * older version, and for rows that are still beside the file and cannot be read without writing.
 */
export function openDatabaseToRead(path: string, steps: readonly string[] = schemaSteps): Database {
  const database = readable(path);
  try {
    refuseForeign(database, steps.length);
    if (version(database) < steps.length) {
      throw new TrackerError(
        "cannot-write",
        `${path}: the store is of an older version and has to be brought up to date; copy its folder to where it can be written.`,
      );
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite shares what is under way through files beside the store's own; where it cannot make them, nobody else can. */
function readable(path: string): Database {
  const shared = new Database(path, "read-only");
  try {
    version(shared);
    return shared;
  } catch (error) {
    shared.close();
    const isComplete = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
    if (!isComplete) throw error;
    return new Database(path, "immutable");
  }
}

function version(database: Database): number {
  return database.number("PRAGMA user_version");
}

function refuseForeign(database: Database, known: number): void {
  const found = version(database);
  if (found > known) {
    throw new TrackerError(
      "newer-store",
      `${database.path}: the store is of version ${found}, this Atelier knows up to ${known}; install a newer Atelier.`,
    );
  }
  const isEmpty = database.number("SELECT count(*) FROM sqlite_schema") === 0;
  if (!isEmpty && database.number("PRAGMA application_id") !== applicationId) {
    throw new TrackerError(
      "bad-store",
      `${database.path}: expected a store of Atelier, got another database.`,
    );
  }
}

function migrate(database: Database, steps: readonly string[]): void {
  const before = version(database);
  if (before > 0) keepCopy(database, before);
  database.write(() => {
    // Another process may have been faster.
    for (const step of steps.slice(version(database))) database.exec(step);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec(`PRAGMA user_version = ${steps.length}`);
  });
}

function keepCopy(database: Database, before: number): void {
  const copy = database.path.replace(/(\.db)?$/, `.v${before}.db`);
  if (existsSync(copy)) return;
  database.exec(`VACUUM INTO '${copy.replaceAll("'", "''")}'`);
}
