import type { RunField } from "@atelier/tracker/model";
import { parseRunFilter } from "@atelier/tracker/model";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Menu } from "../../parts/menu.tsx";
import { ColumnsMenu } from "./columns-menu.tsx";
import { fieldLabel } from "./field-label.tsx";
import type { RunsSearch } from "./runs-search.ts";
import { SelectionActions } from "./selection-actions.tsx";
import type { FieldCount, ProjectScope } from "./use-runs.ts";
import "./runs-toolbar.css";

/** Above the table: which runs, which columns, and what can be done with the selected ones. */
export function RunsToolbar({
  scope,
  search,
  fields,
  columns,
  selected,
  onChange,
  onChanged,
}: {
  readonly scope: ProjectScope;
  readonly search: RunsSearch;
  readonly fields: readonly FieldCount[];
  readonly columns: readonly RunField[];
  readonly selected: readonly string[];
  readonly onChange: (change: RunsSearch) => void;
  /** Runs were changed or deleted. */
  readonly onChanged: () => void;
}) {
  const { view = "both" } = search;
  return (
    <div className="runs-toolbar">
      <FilterField
        filter={search.filter ?? ""}
        onChange={(filter) => onChange({ filter: filter || undefined })}
      />
      <ColumnsMenu fields={fields} columns={columns} onChange={(list) => onChange({ columns: list })} />
      <Menu label={search.group === undefined ? "Group" : `Group: ${fieldLabel(search.group as RunField)}`}>
        <button type="button" onClick={() => onChange({ group: undefined })}>
          no groups
        </button>
        <hr />
        {columns.map((field) => (
          <button key={field} type="button" onClick={() => onChange({ group: field })}>
            {fieldLabel(field)}
          </button>
        ))}
      </Menu>
      <label className="muted" title="So many runs from the top of the table are drawn as curves">
        draw{" "}
        <select value={search.draw ?? "10"} onChange={({ target }) => onChange({ draw: target.value })}>
          {[5, 10, 25, 50, 100, 200].map((count) => (
            <option key={count}>{count}</option>
          ))}
        </select>
      </label>
      <span className="segments views">
        {(["table", "both", "charts"] as const).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={view === name}
            onClick={() => onChange({ view: name })}
          >
            {name}
          </button>
        ))}
      </span>
      {selected.length > 0 && (
        <div className="selection">
          <span>{selected.length} selected</span>
          {selected.length >= 2 && (
            <Link
              className="button primary"
              to="/projects/$entity/$project/compare"
              params={scope}
              search={{ runs: selected.slice(0, 8).join(",") }}
            >
              Compare
            </Link>
          )}
          <SelectionActions
            runIds={selected}
            onChanged={onChanged}
            onDeleted={() => onChange({ selected: undefined })}
          />
          <button type="button" className="plain" onClick={() => onChange({ selected: undefined })}>
            Clear
          </button>
        </div>
      )}
    </div>
  );
}

/** Takes a filter when it can be read, and says why when it cannot. */
function FilterField({
  filter,
  onChange,
}: {
  readonly filter: string;
  readonly onChange: (filter: string) => void;
}) {
  const [draft, setDraft] = useState<string>();
  const text = draft ?? filter;
  const problem = problemOf(text);
  const commit = () => {
    if (draft === undefined || problem !== undefined) return;
    onChange(draft.trim());
    setDraft(undefined);
  };
  return (
    <form
      className="filter"
      onSubmit={(event) => {
        event.preventDefault();
        commit();
      }}
    >
      <input
        type="search"
        value={text}
        placeholder="Filter: val_accuracy > 0.9 and tags has tryout"
        aria-label="Filter runs"
        aria-invalid={problem !== undefined}
        title={problem}
        onChange={({ target }) => {
          setDraft(target.value);
          if (target.value === "") onChange("");
        }}
        onBlur={commit}
      />
      {problem !== undefined && draft !== undefined && draft !== filter && <p role="status">{problem}</p>}
    </form>
  );
}

function problemOf(text: string): string | undefined {
  if (text.trim() === "") return undefined;
  try {
    parseRunFilter(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
