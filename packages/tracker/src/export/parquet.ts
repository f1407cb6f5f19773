/** Tables as Apache Parquet, one row group a page: numbers as DOUBLE, everything else as text, objects as JSON text. */
import { ByteWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { type Json, toJsonText } from "../model/json.ts";
import type { ExportColumn, ExportTable } from "./export-table.ts";

/** The bytes of a Parquet file. */
export async function parquet({ columns, pages }: ExportTable): Promise<Uint8Array> {
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema: schemaFromColumnData({ columnData: columnData(columns, []) }),
  });
  for await (const rows of pages())
    await file.write({ columnData: columnData(columns, rows), rowGroupSize: rows.length });
  await file.finish();
  return writer.getBytes();
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
