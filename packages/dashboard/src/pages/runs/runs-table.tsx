/** The table itself: only the rows in sight exist. The name stays in place while columns scroll. */
import { seriesColour, themes } from "@atelier/charts/theme";
import type { Json, RunField } from "@atelier/tracker/model";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useMemo, useRef, useState } from "react";
import { countOf, formatAgo, formatDuration, formatTime, formatValue } from "../../parts/format.ts";
import { bestValue, goalOfName } from "../../parts/metric-sense.ts";
import { RunStateMark } from "../../parts/run-state.tsx";
import { Tags } from "../../parts/tags.tsx";
import { useTheme } from "../../shell/theme.ts";
import { FieldNote, fieldLabel } from "./field-label.tsx";
import { groupRows, type TableItem } from "./group-rows.ts";
import type { RunsSearch } from "./runs-search.ts";
import { type RunRow, sortOf } from "./use-runs.ts";
import "./runs-table.css";

const rowHeight = 30;

export interface RunsTableProps {
  readonly rows: readonly RunRow[];
  readonly total: number;
  readonly columns: readonly RunField[];
  readonly search: RunsSearch;
  /** What kind of layer a column is a setting of. */
  readonly owners: ReadonlyMap<RunField, string>;
  /** The place in the palette of each run that can be drawn. */
  readonly places: ReadonlyMap<string, number>;
  readonly hidden: ReadonlySet<string>;
  readonly selected: readonly string[];
  readonly onSort: (sort: string) => void;
  readonly onToggleHidden: (id: string) => void;
  readonly onSelect: (ids: readonly string[]) => void;
}

export function RunsTable(props: RunsTableProps) {
  const { rows, total, columns, owners, search, places, hidden, selected, onSelect } = props;
  const place = useRef<HTMLDivElement>(null);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const group = search.group === undefined ? -1 : columns.indexOf(search.group as RunField);
  const items = useMemo(() => groupRows(rows, group, closed), [rows, group, closed]);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => place.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const widths = useMemo(
    () => columns.map((field, at) => columnWidth(field, owners.get(field), { rows, at })),
    [columns, owners, rows],
  );
  const best = useMemo(() => columns.map((field, at) => bestOf(field, rows, at)), [columns, rows]);
  const isSelected = useMemo(() => new Set(selected), [selected]);
  const gridTemplateColumns = `226px ${widths.map((width) => `${width}px`).join(" ")} 1fr`;
  const toggle = (id: string) =>
    onSelect(isSelected.has(id) ? selected.filter((other) => other !== id) : [...selected, id]);
  const toggleGroup = (key: string) =>
    setClosed(
      (before) => new Set(before.has(key) ? [...before].filter((other) => other !== key) : [...before, key]),
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="runs-table" ref={place} aria-label="Runs" tabIndex={0}>
      <table aria-rowcount={total + 1}>
        <thead>
          <HeadRow {...props} gridTemplateColumns={gridTemplateColumns} />
        </thead>
        <tbody style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => (
            <ItemRow
              key={items[index]!.key}
              item={items[index]!}
              top={start}
              index={index}
              columns={columns}
              best={best}
              gridTemplateColumns={gridTemplateColumns}
              colourIndex={placeOf(items[index]!, places)}
              isHidden={hidden.has(items[index]!.key)}
              isSelected={isSelected.has(items[index]!.key)}
              onToggle={toggle}
              onToggleHidden={props.onToggleHidden}
              onToggleGroup={toggleGroup}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function placeOf(item: TableItem, places: ReadonlyMap<string, number>): number | undefined {
  return item.kind === "run" ? places.get(item.row.id) : undefined;
}

function HeadRow({
  rows,
  total,
  columns,
  search,
  owners,
  selected,
  gridTemplateColumns,
  onSort,
  onSelect,
}: RunsTableProps & { readonly gridTemplateColumns: string }) {
  const { sort, direction } = sortOf(search);
  const sortBy = (field: RunField) => onSort(sort === field && direction === "desc" ? field : `-${field}`);
  const ariaSort = (field: RunField) =>
    sort !== field ? undefined : direction === "desc" ? ("descending" as const) : ("ascending" as const);
  const mark = (field: RunField) => (sort === field ? (direction === "desc" ? " ↓" : " ↑") : "");
  return (
    <tr className="run-row" style={{ gridTemplateColumns }}>
      <th className="name" aria-sort={ariaSort("name")}>
        <input
          type="checkbox"
          aria-label="Select all runs"
          checked={selected.length > 0 && selected.length >= rows.length}
          onChange={() => onSelect(selected.length > 0 ? [] : rows.slice(0, 500).map(({ id }) => id))}
        />
        <button type="button" className="plain" onClick={() => sortBy("name")}>
          {countOf(total, "run")}
          {mark("name")}
        </button>
      </th>
      {columns.map((field, at) => (
        <th key={field} aria-sort={ariaSort(field)} className={isNumeric(field, rows, at) ? "number" : ""}>
          <button type="button" className="plain cut" title={field} onClick={() => sortBy(field)}>
            {fieldLabel(field)}
            {mark(field)}
            <FieldNote owner={owners.get(field)} />
          </button>
        </th>
      ))}
    </tr>
  );
}

interface ItemRowProps {
  readonly item: TableItem;
  readonly top: number;
  readonly index: number;
  readonly columns: readonly RunField[];
  /** The best value of each column, where that is known. */
  readonly best: readonly (number | undefined)[];
  readonly gridTemplateColumns: string;
  readonly colourIndex: number | undefined;
  readonly isHidden: boolean;
  readonly isSelected: boolean;
  readonly onToggle: (id: string) => void;
  readonly onToggleHidden: (id: string) => void;
  readonly onToggleGroup: (key: string) => void;
}

const ItemRow = memo(function ItemRow(props: ItemRowProps) {
  const { item, top, index, columns, best, gridTemplateColumns } = props;
  const { isSelected, onToggle, onToggleGroup } = props;
  const transform = `translateY(${top}px)`;
  if (item.kind === "group") {
    return (
      <tr aria-rowindex={index + 2} className="run-row group" style={{ transform }}>
        <td className="name">
          <button
            type="button"
            className="plain"
            aria-expanded={item.isOpen}
            onClick={() => onToggleGroup(item.key)}
          >
            {item.isOpen ? "▾" : "▸"} {formatValue(item.value)} <span className="muted">{item.count}</span>
          </button>
        </td>
      </tr>
    );
  }
  const { id, name, state, cells } = item.row;
  return (
    <tr
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className="run-row"
      style={{ transform, gridTemplateColumns }}
    >
      <td className="name">
        <input
          type="checkbox"
          aria-label={`Select ${name}`}
          checked={isSelected}
          onChange={() => onToggle(id)}
        />
        <Eye {...props} id={id} name={name} />
        <Link to="/runs/$runId" params={{ runId: id }} className="cut" title={name}>
          {name}
        </Link>
        <RunStateMark state={state} />
      </td>
      {columns.map((field, at) => (
        <Cell
          key={field}
          field={field}
          value={cells[at]}
          isBest={best[at] !== undefined && cells[at] === best[at]}
        />
      ))}
    </tr>
  );
});

function Eye({
  colourIndex,
  isHidden,
  id,
  name,
  onToggleHidden,
}: ItemRowProps & { readonly id: string; readonly name: string }) {
  const theme = themes[useTheme()];
  if (colourIndex === undefined) return <span className="eye" />;
  const colour = seriesColour(theme, colourIndex);
  return (
    <button
      type="button"
      className="eye plain"
      aria-pressed={!isHidden}
      aria-label={`Draw ${name}`}
      title={isHidden ? "Draw this run" : "Do not draw this run"}
      onClick={() => onToggleHidden(id)}
    >
      <i style={isHidden ? { borderColor: colour } : { borderColor: colour, background: colour }} />
    </button>
  );
}

const Cell = memo(function Cell({
  field,
  value,
  isBest,
}: {
  readonly field: RunField;
  readonly value: Json | undefined;
  readonly isBest: boolean;
}) {
  if (field === "tags" && Array.isArray(value)) {
    return (
      <td>
        <Tags tags={value.map(String)} />
      </td>
    );
  }
  const text = cellText(field, value);
  const title = typeof value === "number" && timeFields.has(field) ? formatTime(value) : text;
  const isNumber = typeof value === "number" && !timeFields.has(field);
  return (
    <td
      className={`cut ${isNumber ? "number" : ""} ${isBest ? "best" : ""}`}
      title={isBest ? `${title}, the best of these runs` : title}
    >
      {text}
      {isBest && <span className="visually-hidden"> best</span>}
    </td>
  );
});

const timeFields: ReadonlySet<string> = new Set(["createdAt", "heartbeatAt", "finishedAt"]);

function cellText(field: RunField, value: Json | undefined): string {
  if (typeof value === "number") {
    if (timeFields.has(field)) return formatAgo(value);
    if (field === "duration") return formatDuration(value);
  }
  return value === null || value === undefined ? "" : formatValue(value);
}

/** Of all rows that are there. */
function bestOf(field: RunField, rows: readonly RunRow[], at: number): number | undefined {
  if (!field.startsWith("summary.")) return undefined;
  return bestValue(
    rows.map(({ cells }) => cells[at]),
    goalOfName(field),
  );
}

function isNumeric(field: RunField, rows: readonly RunRow[], at: number): boolean {
  return (
    !timeFields.has(field) && typeof rows.find(({ cells }) => cells[at] !== null)?.cells[at] === "number"
  );
}

/** As wide as its heading and the longest of the first values, within bounds, in CSS pixels. */
function columnWidth(
  field: RunField,
  owner: string | undefined,
  { rows, at }: { readonly rows: readonly RunRow[]; readonly at: number },
): number {
  const lengths = rows.slice(0, 60).map(({ cells }) => cellText(field, cells[at]).length);
  const head = fieldLabel(field).length + 2 + 0.8 * (owner?.length ?? 0);
  const longest = Math.max(head, ...lengths);
  return Math.round(Math.max(64, Math.min(240, 7.4 * longest + 24)));
}
