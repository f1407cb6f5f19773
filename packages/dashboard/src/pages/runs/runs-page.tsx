import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useRef } from "react";
import { shellWord } from "../../parts/shell-word.ts";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { ProjectPage } from "../../shell/project-page.tsx";
import { ownersOf } from "./field-label.tsx";
import { keepPlaces } from "./keep-places.ts";
import { type RunsSearch, readList, toggled, writeList } from "./runs-search.ts";
import { RunsTable } from "./runs-table.tsx";
import { RunsToolbar } from "./runs-toolbar.tsx";
import { useColumns, useFields, useRuns } from "./use-runs.ts";
import "./runs-page.css";

const route = getRouteApi("/projects/$entity/$project");
const RunCharts = lazy(async () => ({ default: (await import("../../charts/run-charts.tsx")).RunCharts }));
const drawnByDefault = 10;

/** The runs of a project as a table, and the curves of those whose eye is open. */
export function RunsPage() {
  const scope = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const set = (change: RunsSearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });

  const fields = useFields(scope);
  const owners = useMemo(() => ownersOf(fields.data ?? []), [fields.data]);
  const columns = useColumns(scope, search.columns, fields.data);
  const { query, rows, total } = useRuns(scope, search, columns);

  const hidden = useMemo(() => new Set(readList(search.hidden)), [search.hidden]);
  const selected = useMemo(() => readList(search.selected), [search.selected]);
  const drawCount = Number(search.draw ?? drawnByDefault) || drawnByDefault;
  const drawn = useMemo(() => rows.slice(0, drawCount), [rows, drawCount]);
  const lastPlaces = useRef<ReadonlyMap<string, number>>(new Map());
  const places = useMemo(() => {
    lastPlaces.current = keepPlaces(
      lastPlaces.current,
      drawn.map(({ id }) => id),
    );
    return lastPlaces.current;
  }, [drawn]);
  const shown = useMemo(
    () =>
      drawn
        .filter(({ id }) => !hidden.has(id))
        .map(({ id, name }) => ({ id, name, colourIndex: places.get(id)! })),
    [drawn, places, hidden],
  );
  const error = fields.error ?? query.error;
  const isEmpty = query.data !== undefined && total === 0;
  return (
    <ProjectPage {...scope} className="runs-page" data-view={isEmpty ? "table" : (search.view ?? "both")}>
      <h1 className="visually-hidden">Runs of {scope.project}</h1>
      <section className="runs" aria-label="Table of runs">
        <RunsToolbar
          scope={scope}
          search={search}
          fields={fields.data ?? []}
          columns={columns ?? []}
          selected={selected}
          onChange={set}
          onChanged={() => void client.invalidateQueries()}
        />
        {error && !query.data ? (
          <Failed error={error} onRetry={() => void client.invalidateQueries()} />
        ) : columns === undefined || query.data === undefined ? (
          <Loading what="runs" />
        ) : isEmpty ? (
          <NoRuns project={scope.project} filter={search.filter} onClear={() => set({ filter: undefined })} />
        ) : (
          <RunsTable
            rows={rows}
            total={total}
            columns={columns}
            search={search}
            owners={owners}
            places={places}
            hidden={hidden}
            selected={selected}
            onSort={(sort) => set({ sort })}
            onToggleHidden={(id) => set({ hidden: writeList(toggled([...hidden], id)) })}
            onSelect={(ids) => set({ selected: writeList(ids) })}
          />
        )}
      </section>
      <section className="workspace" aria-label="Charts">
        {!isEmpty && query.data !== undefined && (
          <Suspense fallback={<Loading what="charts" />}>
            <RunCharts runs={shown} search={search} onSearch={set} />
          </Suspense>
        )}
      </section>
    </ProjectPage>
  );
}

function NoRuns({
  project,
  filter,
  onClear,
}: {
  readonly project: string;
  readonly filter: string | undefined;
  readonly onClear: () => void;
}) {
  if (filter === undefined)
    return (
      <Empty title="This project has no runs">
        <p>Trainings are filed under it by</p>
        <pre>{`npx atelier train cnn-small --project ${shellWord(project)}`}</pre>
      </Empty>
    );
  return (
    <Empty title="No run matches the filter">
      <button type="button" onClick={onClear}>
        Show all runs
      </button>
    </Empty>
  );
}
