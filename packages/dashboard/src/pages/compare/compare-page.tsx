import type { Run } from "@atelier/tracker/model";
import { useQueries } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { apiQuery } from "../../api/client.ts";
import { Failed, Loading } from "../../parts/states.tsx";
import { ProjectPage } from "../../shell/project-page.tsx";
import type { CompareSearch } from "./compare-search.ts";
import { PairComparison } from "./pair-comparison.tsx";
import { RunPicker } from "./run-picker.tsx";
import { SettingsTable } from "./settings-table.tsx";
import { SummaryTable } from "./summary-table.tsx";
import "./compare-page.css";

const route = getRouteApi("/projects/$entity/$project/compare");
const RunCharts = lazy(async () => ({ default: (await import("../../charts/run-charts.tsx")).RunCharts }));

/** What changed between runs, what came of it, and on which images. */
export function ComparePage() {
  const scope = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: CompareSearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const ids = useMemo(() => (search.runs ?? "").split(",").filter((id) => id !== ""), [search.runs]);
  const answers = useQueries({ queries: ids.map((runId) => apiQuery("getRun", { parameters: { runId } })) });
  const runs = answers.flatMap(({ data }) => (data ? [data] : []));
  const failed = answers.find(({ error }) => error)?.error;
  return (
    <ProjectPage {...scope} trail={["compare"]} className="page compare">
      <h1>{ids.length === 0 ? "Compare runs" : `${ids.length} runs compared`}</h1>
      <RunPicker
        scope={scope}
        chosen={ids}
        onChange={(next) => set({ runs: next.join(","), pair: undefined, image: undefined })}
      />
      {failed && <Failed error={failed} />}
      {runs.length < answers.length && !failed && <Loading what="runs" />}
      {runs.length === ids.length && runs.length > 0 && (
        <Compared runs={runs} search={search} onChange={set} />
      )}
    </ProjectPage>
  );
}

function Compared({
  runs,
  search,
  onChange,
}: {
  readonly runs: readonly Run[];
  readonly search: CompareSearch;
  readonly onChange: (change: CompareSearch) => void;
}) {
  const key = runs.map(({ id, name }) => `${id} ${name}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says all of a run that charts show
  const shown = useMemo(() => runs.map(({ id, name }, colourIndex) => ({ id, name, colourIndex })), [key]);
  return (
    <>
      <SummaryTable runs={runs} />
      <SettingsTable
        runs={runs}
        isAll={search.settings === "all"}
        onChange={(all) => onChange({ settings: all ? "all" : undefined })}
      />
      {runs.length >= 2 && <PairComparison runs={runs} search={search} onChange={onChange} />}
      <section className="stack">
        <h2>Curves</h2>
        <Suspense fallback={<Loading what="charts" />}>
          <RunCharts runs={shown} search={search} onSearch={onChange} />
        </Suspense>
      </section>
    </>
  );
}
