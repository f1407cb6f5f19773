/** What the address of the runs page says: which runs, in which order and columns, and which of them are drawn. */
import { type ChartSearch, chartSearch } from "../../charts/chart-settings.ts";

export interface RunsSearch extends ChartSearch {
  /** A filter as the command line takes it. */
  readonly filter?: string | undefined;
  /** A field; with - in front from the largest. */
  readonly sort?: string | undefined;
  /** Fields beside the name, separated by commas. */
  readonly columns?: string | undefined;
  /** A field whose values make groups. */
  readonly group?: string | undefined;
  /** How many runs from the top are drawn. */
  readonly draw?: string | undefined;
  /** Ids of runs that are not drawn, separated by commas. */
  readonly hidden?: string | undefined;
  /** Ids of selected runs, separated by commas. */
  readonly selected?: string | undefined;
  /** table or charts; absent: both, where there is room. */
  readonly view?: string | undefined;
}

const names = ["filter", "sort", "columns", "group", "draw", "hidden", "selected", "view"] as const;

/** Only what the page understands of an address. */
export function runsSearch(search: Readonly<Record<string, unknown>>): RunsSearch {
  const own = Object.fromEntries(
    names.map((name) => [name, typeof search[name] === "string" ? search[name] : undefined]),
  );
  return { ...own, ...chartSearch(search) };
}

/** The entries of a list in an address; commas within an entry are written %2C. */
export function readList(text: string | undefined): readonly string[] {
  return text === undefined || text === ""
    ? []
    : text.split(",").map((entry) => entry.replaceAll("%2C", ","));
}

/** A list as an address has it; undefined when it is empty. */
export function writeList(entries: readonly string[]): string | undefined {
  return entries.length === 0 ? undefined : entries.map((entry) => entry.replaceAll(",", "%2C")).join(",");
}

/** The list with the entry, or without it if it has it. */
export function toggled(entries: readonly string[], entry: string): readonly string[] {
  return entries.includes(entry) ? entries.filter((other) => other !== entry) : [...entries, entry];
}
