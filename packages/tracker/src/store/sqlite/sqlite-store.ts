/**
 * The store of one machine: `atelier.db` (SQLite in WAL mode) and `blobs/` in one folder, by default `.atelier`. Calls
 * do their work at once, on the thread that calls; open-store-worker.ts moves it to another.
 */
import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { StoredFile } from "../../model/artifact.ts";
import type { Evaluation } from "../../model/evaluation.ts";
import { fromJsonText, type Json, toJsonText } from "../../model/json.ts";
import type { Project } from "../../model/project.ts";
import { TrackerError } from "../../model/tracker-error.ts";
import { blobFolder } from "../blob-folder.ts";
import { makeFolder } from "../make-folder.ts";
import type { ChangeKind, RunBatch, Store } from "../store.ts";
import { insertArtifact, listArtifacts, noteUse, readArtifact } from "./artifacts.ts";
import { changesSince, nextChange } from "./changes.ts";
import { chunkRows, compactNext } from "./compaction.ts";
import { readConsole, writeConsole } from "./console-lines.ts";
import type { Database } from "./database.ts";
import { KeyTable, listKeys, readRowPage, streamNumber, writeRows } from "./history.ts";
import { openDatabase, openDatabaseToRead } from "./open-database.ts";
import {
  beingWritten,
  changeRun,
  findRun,
  insertRun,
  noSuchRun,
  noteChange,
  readEnvironment,
  runHead,
  runNumber,
  setRunColumns,
  takeOver,
} from "./run-rows.ts";
import { asOf, RunTable } from "./run-table.ts";
import { readRunSeries } from "./series.ts";
import { removeUnusedBlobs } from "./unused-blobs.ts";

export interface SqliteStoreOptions {
  /** Made if there is none. */
  readonly folder: string;
  /** Milliseconds since the epoch; by default the system's clock. */
  readonly now?: () => number;
  /**
   * A store that cannot be written, on a read-only medium say, is opened for reading alone, and this is called. Absent: it is
   * refused.
   */
  readonly onReadOnly?: () => void;
}

/** Blobs younger than this may belong to a call under way. */
const youngBlobMs = 24 * 60 * 60 * 1000;

/** Opens a store. Throws newer-store, bad-store, cannot-write. */
export function openSqliteStore({ folder, now = Date.now, onReadOnly }: SqliteStoreOptions): Store {
  makeFolder(folder);
  const database = openFile(join(folder, "atelier.db"), onReadOnly);
  const blobs = blobFolder(join(folder, "blobs"));
  const keys = new KeyTable(database);
  const table = new RunTable(database, now);
  /** Rows written since a run's last compaction, by this process. */
  const uncompacted = new Map<number, number>();

  /** A transaction; what is remembered of it is forgotten when it fails. */
  const write = <T>(work: () => T): T => {
    try {
      return database.write(work);
    } catch (error) {
      keys.forget();
      throw error;
    }
  };
  const change = (runId: string, kind: ChangeKind, work: (runNo: number) => void) =>
    write(() => {
      const runNo = runNumber(database, runId);
      work(runNo);
      noteChange(database, runNo, kind);
    });
  const run = (id: string) => {
    const found = findRun(database, id);
    if (found === undefined) throw noSuchRun(id);
    return asOf(found.run, now());
  };
  const expectBlobs = async (files: readonly { readonly sha256: string; readonly path?: string }[]) => {
    for (const { sha256, path = sha256 } of files) {
      if ((await blobs.find(sha256)) === undefined) {
        throw new TrackerError(
          "not-found",
          `${path}: its blob ${sha256} is not in the store; put it there first.`,
        );
      }
    }
  };
  const compactStreams = (runNo: number) => {
    for (const stream of Object.values(streamNumber))
      while (compactNext({ database, keys }, { runNo, stream }));
    uncompacted.delete(runNo);
  };

  /** The rows are written: that they cannot be made smaller now is no reason to refuse them. */
  const compactIfPossible = (runNo: number) => {
    try {
      compactStreams(runNo);
    } catch (error) {
      keys.forget();
      uncompacted.delete(runNo);
      if (!(error instanceof TrackerError) || (error.code !== "cannot-write" && error.code !== "busy"))
        throw error;
    }
  };

  return {
    blobs,

    listProjects: async () => listProjects(database),

    createRun: async (newRun) => {
      write(() => insertRun(database, newRun, now()));
      return run(newRun.id);
    },
    getRun: async (id) => run(id),
    getEnvironment: async (id) => readEnvironment(database, id),
    resumeRun: async (id, writer) => {
      write(() => {
        const present = run(id);
        if (present.state === "running") throw beingWritten(present);
        takeOver(database, runNumber(database, id), { writer, now: now() });
      });
      return run(id);
    },
    updateRun: async (id, update) => {
      write(() => changeRun(database, runNumber(database, id), update, { change: nextChange(database) }));
      return run(id);
    },
    deleteRun: async (id) => {
      write(() => {
        const no = runNumber(database, id);
        database.statement("DELETE FROM run WHERE no = ?").run(no);
        database.statement("INSERT INTO deleted_run VALUES (?, ?)").run(id, nextChange(database));
        keys.forget();
      });
    },
    listRuns: async (query) => table.list(query),
    listCells: async (query, columns) => table.cells(query, columns),
    listFields: async (scope) => table.fields(scope),

    append: async (runId, batch) => {
      const runNo = write(() => append({ database, keys, now }, runId, batch));
      const written =
        (uncompacted.get(runNo) ?? 0) + (batch.rows?.length ?? 0) + (batch.systemRows?.length ?? 0);
      uncompacted.set(runNo, written);
      if (written >= chunkRows) compactIfPossible(runNo);
    },
    listKeys: async (runId, stream) =>
      listKeys(database, { runNo: runNumber(database, runId), stream: streamNumber[stream] }),
    readSeries: async (query) =>
      database.read(() =>
        query.runIds.flatMap((runId) => {
          const place = {
            runNo: runNumber(database, runId),
            stream: streamNumber[query.stream ?? "history"],
          };
          return readRunSeries({ database, keys }, place, runId, query);
        }),
      ),
    readRows: async (query) =>
      database.read(() => {
        const place = {
          runNo: runNumber(database, query.runId),
          stream: streamNumber[query.stream ?? "history"],
        };
        return readRowPage(database, place, query);
      }),
    readConsole: async (query) => readConsole(database, runNumber(database, query.runId), query),

    putFile: async (runId, { path, sha256, sizeBytes }) => {
      await expectBlobs([{ sha256, path }]);
      change(runId, "files", (runNo) => {
        database
          .statement("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)")
          .run(runNo, path, sha256, sizeBytes);
      });
    },
    listFiles: async (runId) => listFiles(database, runNumber(database, runId)),

    createArtifact: async (runId, artifact) => {
      await expectBlobs(artifact.files);
      return write(() => {
        noteChange(database, runNumber(database, runId), "files");
        return insertArtifact(database, runId, artifact);
      });
    },
    getArtifact: async (scope) => readArtifact(database, scope),
    useArtifact: async (runId, artifact) => change(runId, "files", () => noteUse(database, runId, artifact)),
    listArtifacts: async (scope) => database.read(() => listArtifacts(database, scope)),

    putEvaluation: async (evaluation) => {
      await expectBlobs([evaluation.predictions]);
      change(evaluation.runId, "evaluations", (runNo) => writeEvaluation(database, runNo, evaluation));
    },
    listEvaluations: async (runIds) => listEvaluations(database, runIds),

    changesSince: async (cursor) => changesSince(database, cursor),

    compact: async (runId) => {
      compactStreams(runNumber(database, runId));
      database.exec("PRAGMA incremental_vacuum");
    },
    removeUnusedBlobs: () => removeUnusedBlobs(database, blobs, now() - youngBlobMs),

    [Symbol.asyncDispose]: async () => database.close(),
  };
}

function openFile(path: string, onReadOnly: (() => void) | undefined): Database {
  try {
    return openDatabase(path);
  } catch (error) {
    const isReadOnly =
      error instanceof TrackerError &&
      error.code === "cannot-write" &&
      existsSync(path) &&
      !isWritable(dirname(path));
    if (!isReadOnly || onReadOnly === undefined) throw error;
    const database = openDatabaseToRead(path);
    onReadOnly();
    return database;
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Appends to a run before it returns, through a connection of its own: for a process about to end, where nothing can be
 * waited for. Throws what opening and appending throw.
 */
export function appendNow(folder: string, runId: string, batch: RunBatch): void {
  const database = openDatabase(join(folder, "atelier.db"));
  try {
    database.write(() => append({ database, keys: new KeyTable(database), now: Date.now }, runId, batch));
  } finally {
    database.close();
  }
}

function append(
  store: { readonly database: Database; readonly keys: KeyTable; readonly now: () => number },
  runId: string,
  batch: RunBatch,
): number {
  const { database, now } = store;
  const { writer, rows = [], systemRows = [], console = [], update } = batch;
  const head = runHead(database, runId, writer);
  const { no: runNo } = head;
  const change = nextChange(database);
  writeRows(store, { runNo, stream: streamNumber.history }, rows, change);
  writeRows(store, { runNo, stream: streamNumber.system }, systemRows, change);
  writeConsole(database, runNo, console);
  const more = {
    change,
    ...(writer && { heartbeat_at: now() }),
    ...(rows.length > 0 && {
      history_change: change,
      next_row: after(rows, "row", head.nextRow),
      next_step: after(rows, "step", head.nextStep),
    }),
    ...(systemRows.length > 0 && {
      system_change: change,
      next_system_row: after(systemRows, "row", head.nextSystemRow),
    }),
    ...(console.length > 0 && {
      console_change: change,
      next_console_line: after(console, "line", head.nextConsoleLine),
    }),
  };
  if (update) changeRun(database, runNo, update, more);
  else setRunColumns(database, runNo, more);
  return runNo;
}

/** One more than the largest number of its kind, at least `next`. */
function after<K extends string>(
  entries: readonly { readonly [key in K]: number }[],
  key: K,
  next: number,
): number {
  return entries.reduce((largest, entry) => Math.max(largest, entry[key] + 1), next);
}

function listProjects(database: Database): readonly Project[] {
  return database
    .statement(
      `SELECT entity, project.name AS name, project.created_at AS created_at, count(run.no) AS runs,
       coalesce(max(run.heartbeat_at), project.created_at) AS updated_at
       FROM project LEFT JOIN run ON run.project_no = project.no GROUP BY project.no ORDER BY updated_at DESC, project.no`,
    )
    .all()
    .map((row) => ({
      entity: String(row.entity),
      name: String(row.name),
      createdAt: Number(row.created_at),
      runCount: Number(row.runs),
      updatedAt: Number(row.updated_at),
    }));
}

function listFiles(database: Database, runNo: number): readonly StoredFile[] {
  return database
    .statement("SELECT path, sha256, size_bytes FROM file WHERE run_no = ? ORDER BY path")
    .all(runNo)
    .map((row) => ({
      path: String(row.path),
      sha256: String(row.sha256),
      sizeBytes: Number(row.size_bytes),
    }));
}

function writeEvaluation(database: Database, runNo: number, evaluation: Evaluation): void {
  const { data, part, predictions, createdAt } = evaluation;
  database
    .statement(
      `INSERT OR REPLACE INTO evaluation (run_no, data, part, predictions_sha256, created_at, content)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(runNo, data, part, predictions.sha256, createdAt, toJsonText(evaluation as unknown as Json));
}

function listEvaluations(database: Database, runIds: readonly string[]): readonly Evaluation[] {
  return database
    .statement(
      `SELECT evaluation.content AS content FROM evaluation JOIN run ON run.no = run_no
       WHERE run.id IN (SELECT value FROM json_each(?)) ORDER BY evaluation.no DESC`,
    )
    .all(JSON.stringify(runIds))
    .map(({ content }) => fromJsonText(String(content)) as unknown as Evaluation);
}
