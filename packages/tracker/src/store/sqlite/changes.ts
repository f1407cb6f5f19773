/** The numbering of changes, by which readers find what is new. */
import type { ChangeKind, Changes } from "../store.ts";
import type { Database } from "./database.ts";

/** The number of the transaction under way. */
export function nextChange(database: Database): number {
  return database.number("UPDATE change SET number = number + 1 RETURNING number");
}

const kinds: readonly ChangeKind[] = ["run", "history", "system", "console", "files", "evaluations"];

export function changesSince(database: Database, cursor: number | undefined): Changes {
  return database.read(() => {
    const now = database.number("SELECT number FROM change");
    if (cursor === undefined || cursor >= now) return { cursor: now, runs: [], deletedRunIds: [] };
    const runs = database
      .statement(
        `SELECT run.*, project.entity AS entity, project.name AS project FROM run
         JOIN project ON project.no = run.project_no WHERE run.change > ? ORDER BY run.change`,
      )
      .all(cursor)
      .map((row) => ({
        runId: String(row.id),
        entity: String(row.entity),
        project: String(row.project),
        kinds: kinds.filter((kind) => Number(row[`${kind}_change`]) > cursor),
      }));
    const deleted = database.statement("SELECT id FROM deleted_run WHERE change > ?").all(cursor);
    return { cursor: now, runs, deletedRunIds: deleted.map(({ id }) => String(id)) };
  });
}
