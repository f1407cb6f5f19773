/** Tables as Apache Parquet, one row group a page: numbers as DOUBLE, everything else as text, objects as JSON text. */
import { ByteWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { type Json, toJsonText } from "../model/json.ts";
import type { ExportColumn, ExportTable } from "./export-table.ts";

/** A Parquet file, piece by piece: a row group, then the next. */
export async function* parquet({ columns, pages }: ExportTable): AsyncIterable<Uint8Array> {
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema: schemaFromColumnData({ columnData: columnData(columns, []) }),
  });
  for await (const rows of pages()) {
    await file.write({ columnData: columnData(columns, rows), rowGroupSize: rows.length });
    yield taken(writer);
  }
  await file.finish();
  yield taken(writer);
}

/** What has been written since; the writer goes on counting where it is in the file. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}

function columnData(columns: readonly ExportColumn[], rows: readonly (readonly Json[])[]) {
  return columns.map(({ name, kind }, i) => ({
    name,
    data: rows.map((cells) => (kind === "number" ? cells[i]! : textOf(cells[i]!))),
    type: kind === "number" ? ("DOUBLE" as const) : ("STRING" as const),
    nullable: true,
  }));
}

function textOf(cell: Json): string | null {
  if (cell === null || typeof cell === "string") return cell;
  return typeof cell === "number" ? String(cell) : toJsonText(cell);
}
