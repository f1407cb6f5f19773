/** Tables as text, piece by piece. */
import { encodeJson, type Json, toJsonText } from "../model/json.ts";
import type { ExportTable } from "./export-table.ts";

/** An object a line, without the cells that are null; numbers that JSON does not know are texts ("NaN"). */
export async function* jsonLines({ columns, pages }: ExportTable): AsyncIterable<string> {
  for await (const { places, rows } of pages()) {
    const names = places.map((place) => columns[place]!.name);
    yield rows
      .map((cells) => {
        const present = names.flatMap((name, i) => (cells[i] === null ? [] : [[name, cells[i]!]]));
        return `${toJsonText(Object.fromEntries(present))}\n`;
      })
      .join("");
  }
}

/** RFC 4180 with a head: empty for null, texts quoted where needed, lists and objects as JSON. */
export async function* csv({ columns, pages }: ExportTable): AsyncIterable<string> {
  yield `${columns.map(({ name }) => quoted(name)).join(",")}\r\n`;
  for await (const { places, rows } of pages()) {
    // The commas of the columns that these rows do not have stand before and behind those that they have.
    const commas = places.map((place, i) => ",".repeat(place - (places[i - 1] ?? 0)));
    const rest = ",".repeat(columns.length - 1 - places.at(-1)!);
    yield rows
      .map((cells) => `${cells.map((cell, i) => commas[i] + cellText(cell)).join("")}${rest}\r\n`)
      .join("");
  }
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
