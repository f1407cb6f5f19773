import type { RunField } from "@atelier/tracker/model";
import { entryOf, ownFields } from "@atelier/tracker/model";
import { useState } from "react";
import { Menu } from "../../parts/menu.tsx";
import { FieldNote, ownersOf } from "./field-label.tsx";
import { toggled, writeList } from "./runs-search.ts";
import type { FieldCount } from "./use-runs.ts";

const alwaysThere: readonly string[] = ["name", "state", "entity", "project"];
/** A sweep's config can have thousands of leaves: more than these are found by typing. */
const mostListed = 200;

/** Chooses columns among everything that the runs have in config and summary. */
export function ColumnsMenu({
  fields,
  columns,
  onChange,
}: {
  readonly fields: readonly FieldCount[];
  readonly columns: readonly RunField[];
  readonly onChange: (columns: string | undefined) => void;
}) {
  const [search, setSearch] = useState("");
  const all: readonly RunField[] = [
    ...ownFields.filter((field) => !alwaysThere.includes(field)),
    ...fields.map(({ field }) => field),
  ];
  const owners = ownersOf(fields);
  const rest = all.filter((field) => !columns.includes(field));
  const found = [...columns, ...rest].filter((field) => field.toLowerCase().includes(search.toLowerCase()));
  // What all runs share in a layer is not listed, and can be asked for by its place.
  if (found.length === 0 && entryOf(search) !== undefined)
    found.push(`config.${search.replace(/^config\./, "")}`);
  return (
    <Menu label="Columns" className="columns">
      <input
        type="search"
        placeholder={`Find among ${all.length}`}
        aria-label="Find a column"
        value={search}
        onChange={({ target }) => setSearch(target.value)}
      />
      {found.slice(0, mostListed).map((field) => (
        <label key={field}>
          <input
            type="checkbox"
            checked={columns.includes(field)}
            onChange={() => onChange(writeList(toggled(columns, field)) ?? "createdAt")}
          />
          <span className="cut">
            {field}
            <FieldNote owner={owners.get(field)} />
          </span>
        </label>
      ))}
      <hr />
      <button type="button" onClick={() => onChange(undefined)}>
        Usual columns
      </button>
    </Menu>
  );
}
