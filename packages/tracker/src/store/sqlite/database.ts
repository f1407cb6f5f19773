/** One connection to one SQLite file: prepared statements, transactions, and errors in the tracker's words. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { TrackerError, type TrackerErrorCode } from "../../model/tracker-error.ts";

/** How long to wait for other processes before giving up; a write takes milliseconds, so many may queue. */
const busyTimeoutMs = 60_000;

export class Database {
  readonly path: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens the file, which is made if there is none unless it is opened for reading alone: `immutable` where nothing can
   * be made beside it either, which takes for granted that nobody changes it. Throws cannot-write, bad-store.
   */
  constructor(path: string, readOnly?: "read-only" | "immutable") {
    this.path = path;
    const url = pathToFileURL(path);
    if (readOnly === "immutable") url.searchParams.set("immutable", "1");
    const options = { timeout: busyTimeoutMs, readOnly: readOnly !== undefined };
    this.#connection = this.#translating(() => new DatabaseSync(readOnly ? url : path, options));
  }

  /** The prepared statement of a text, prepared once. */
  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#translating(() => this.#connection.prepare(sql));
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  exec(sql: string): void {
    this.#translating(() => this.#connection.exec(sql));
  }

  /** The first column of the first row, as a number. */
  number(sql: string, ...parameters: readonly (string | number)[]): number {
    return this.#translating(() => {
      const row = this.statement(sql).get(...parameters);
      return row === undefined ? 0 : Number(Object.values(row)[0]);
    });
  }

  /** Runs `work` with the one right to write: all of it happens, or nothing. */
  write<T>(work: () => T): T {
    return this.#transaction("BEGIN IMMEDIATE", work);
  }

  /** Runs `work` on one unchanging state of the store. */
  read<T>(work: () => T): T {
    return this.#transaction("BEGIN", work);
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  #transaction<T>(begin: string, work: () => T): T {
    return this.#translating(() => {
      this.#connection.exec(begin);
      try {
        const result = work();
        this.#connection.exec("COMMIT");
        return result;
      } catch (error) {
        // A full disk may have ended the transaction already.
        if (this.#connection.isTransaction) this.#connection.exec("ROLLBACK");
        throw error;
      }
    });
  }

  #translating<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translated(error, this.path);
    }
  }
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) and what they mean to a person. */
const meanings: { readonly [code: number]: readonly [TrackerErrorCode, string] } = {
  5: ["busy", "another process has held the store for a minute; try again"],
  6: ["busy", "another process has held the store for a minute; try again"],
  8: ["cannot-write", "the file or its folder is read-only"],
  10: ["cannot-write", "the disk failed to read or write; check that it has room"],
  11: ["bad-store", "the file is damaged; restore a copy, or move it away to start anew"],
  13: ["cannot-write", "the disk is full"],
  14: ["cannot-write", "the file cannot be opened; check that the folder exists and may be written"],
  26: ["bad-store", "the file is no SQLite database; move it away to start anew"],
};

function translated(error: unknown, path: string): unknown {
  const { errcode } = error as { readonly errcode?: number };
  if (errcode === undefined) return error;
  const [code, meaning] = meanings[errcode & 0xff] ?? ["internal", (error as Error).message];
  return new TrackerError(code, `${path}: ${meaning}.`, { cause: error });
}
