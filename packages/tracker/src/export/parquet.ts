/** Tables as Apache Parquet: numbers as DOUBLE, everything else as text, objects as JSON text. */
import { ByteWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { type Json, toJsonText } from "../model/json.ts";
import { type ExportColumn, type ExportPage, type ExportTable, pageRows } from "./export-table.ts";

/** A Parquet file, piece by piece: a row group of at least `pageRows` rows, then the next. */
export async function* parquet({ columns, pages }: ExportTable): AsyncIterable<Uint8Array> {
  const writer = new ByteWriter();
  const schema = schemaFromColumnData({ columnData: columns.map((column) => columnData(column, [])) });
  const file = new ParquetWriter({ writer, schema });
  let group: ExportPage[] = [];
  let rowCount = 0;
  for await (const page of pages()) {
    group.push(page);
    rowCount += page.rows.length;
    if (rowCount < pageRows) continue; // runs of a few rows: each group costs bytes for every column
    await writeGroup(file, columns, group, rowCount);
    yield taken(writer);
    group = [];
    rowCount = 0;
  }
  if (rowCount > 0) await writeGroup(file, columns, group, rowCount);
  await file.finish();
  yield taken(writer);
}

/** What has been written since; the writer goes on counting where it is in the file. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}

async function writeGroup(
  file: ParquetWriter,
  columns: readonly ExportColumn[],
  pages: readonly ExportPage[],
  rowCount: number,
): Promise<void> {
  const cells = cellsByPlace(pages, rowCount);
  const places = [...cells.keys()].sort((a, b) => a - b);
  const data = places.map((place) => columnData(columns[place]!, cells.get(place)!));
  await file.write({ columnData: data, rowGroupSize: rowCount });
  addEmptyColumns(file, columns, places, rowCount);
}

/** The cells of each column that any of the pages has. */
function cellsByPlace(pages: readonly ExportPage[], rowCount: number): Map<number, Json[]> {
  const cells = new Map<number, Json[]>();
  let start = 0;
  for (const { places, rows } of pages) {
    places.forEach((place, i) => {
      let column = cells.get(place);
      if (column === undefined) {
        column = new Array<Json>(rowCount).fill(null);
        cells.set(place, column);
      }
      for (let row = 0; row < rows.length; row++) column[start + row] = rows[row]![i]!;
    });
    start += rows.length;
  }
  return cells;
}

/**
 * Gives the last row group the columns in which it has nothing but nulls. They are all alike, so that one of each kind is
 * written and copied. This goes into the writer's row groups because its `write` takes all columns of a group at once and looks
 * at each cell (hyparquet-writer 0.17: a second for 1,000 such columns), of which tables of very unlike runs mostly consist.
 */
function addEmptyColumns(
  { writer, row_groups }: ParquetWriter,
  columns: readonly ExportColumn[],
  places: readonly number[],
  rowCount: number,
): void {
  if (places.length === columns.length) return;
  const group = row_groups.at(-1)!;
  const present = new Map(places.map((place, i) => [place, group.columns[i]!]));
  const empty = { number: emptyColumn("number", rowCount), any: emptyColumn("any", rowCount) };
  const start = writer.offset;
  group.columns = columns.map(({ name, kind }, place) => {
    const { bytes, chunk } = empty[kind];
    const offset = BigInt(writer.offset);
    const written = present.get(place);
    if (written !== undefined) return written;
    writer.appendBytes(bytes);
    group.total_byte_size += chunk.total_uncompressed_size;
    return { file_offset: offset, meta_data: { ...chunk, path_in_schema: [name], data_page_offset: offset } };
  });
  group.total_compressed_size = (group.total_compressed_size ?? 0n) + BigInt(writer.offset - start);
}

function emptyColumn(kind: ExportColumn["kind"], rowCount: number) {
  const writer = new ByteWriter();
  const column = columnData({ name: "", kind }, new Array<null>(rowCount).fill(null));
  const file = new ParquetWriter({ writer, schema: schemaFromColumnData({ columnData: [column] }) });
  const start = writer.index;
  file.write({ columnData: [column], rowGroupSize: rowCount });
  return { bytes: writer.getBytes().slice(start), chunk: file.row_groups[0]!.columns[0]!.meta_data! };
}

function columnData({ name, kind }: ExportColumn, cells: Json[]) {
  return {
    name,
    data: kind === "number" ? cells : cells.map(textOf),
    type: kind === "number" ? ("DOUBLE" as const) : ("STRING" as const),
    nullable: true,
  };
}

function textOf(cell: Json): string | null {
  if (cell === null || typeof cell === "string") return cell;
  return typeof cell === "number" ? String(cell) : toJsonText(cell);
}
