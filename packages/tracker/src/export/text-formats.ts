/** Tables as text, piece by piece. */
import { encodeJson, type Json, toJsonText } from "../model/json.ts";
import type { ExportTable } from "./export-table.ts";

/** An object a line, without the cells that are null; numbers that JSON does not know are texts ("NaN"). */
export async function* jsonLines({ columns, pages }: ExportTable): AsyncIterable<string> {
  for await (const rows of pages()) {
    yield rows
      .map((cells) => {
        const present = columns.flatMap(({ name }, i) => (cells[i] === null ? [] : [[name, cells[i]!]]));
        return `${toJsonText(Object.fromEntries(present))}\n`;
      })
      .join("");
  }
}

/** RFC 4180 with a head: empty for null, texts quoted where needed, lists and objects as JSON. */
export async function* csv({ columns, pages }: ExportTable): AsyncIterable<string> {
  yield `${columns.map(({ name }) => quoted(name)).join(",")}\r\n`;
  for await (const rows of pages())
    yield rows.map((cells) => `${cells.map(cellText).join(",")}\r\n`).join("");
}

function cellText(cell: Json): string {
  if (cell === null) return "";
  if (typeof cell === "string") return quoted(cell);
  return typeof cell === "object" ? quoted(JSON.stringify(encodeJson(cell))) : String(cell);
}

/** An empty text is quoted, too: it is not null. */
function quoted(text: string): string {
  return text === "" || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
