/** What runs wrote to their terminals. */
import type { ConsoleLine } from "../../model/history.ts";
import type { ConsolePage, ConsoleQuery } from "../store.ts";
import type { Database } from "./database.ts";

/** Inside a transaction. */
export function writeConsole(database: Database, runNo: number, lines: readonly ConsoleLine[]): void {
  const insert = database.statement("INSERT OR REPLACE INTO console_line VALUES (?, ?, ?, ?, ?)");
  for (const { line, stream, time, text } of lines) insert.run(runNo, line, stream, time, text);
}

/** One page, forwards or, with `before`, backwards; lines always ascend. */
export function readConsole(database: Database, runNo: number, query: ConsoleQuery): ConsolePage {
  const { after = -1, before, limit = 1000 } = query;
  const [condition, edge] =
    before === undefined ? ["line > ? ORDER BY line", after] : ["line < ? ORDER BY line DESC", before];
  const found = database
    .statement(`SELECT * FROM console_line WHERE run_no = ? AND ${condition} LIMIT ?`)
    .all(runNo, edge, limit + 1)
    .map(
      (row): ConsoleLine => ({
        line: Number(row.line),
        stream: row.stream as ConsoleLine["stream"],
        time: Number(row.time),
        text: String(row.content),
      }),
    );
  const page = found.slice(0, limit);
  const next = found.length > limit ? page.at(-1)?.line : undefined;
  return { lines: before === undefined ? page : page.reverse(), next };
}
