import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { apiQuery } from "../../api/client.ts";
import type { ChartSearch } from "../../charts/chart-settings.ts";
import { RunCharts } from "../../charts/run-charts.tsx";

const charts = getRouteApi("/runs/$runId/charts");
const system = getRouteApi("/runs/$runId/system");

/** A chart for every metric that the run logged. */
export function ChartsPage() {
  const navigate = charts.useNavigate();
  const onSearch = (change: ChartSearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return <OneRunCharts runId={charts.useParams().runId} search={charts.useSearch()} onSearch={onSearch} />;
}

/** A chart for everything that was sampled of the machine, over time. */
export function SystemPage() {
  const navigate = system.useNavigate();
  const onSearch = (change: ChartSearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const search = { x: "time", ...system.useSearch() };
  return (
    <OneRunCharts
      runId={system.useParams().runId}
      search={{ ...search, x: search.x ?? "time" }}
      onSearch={onSearch}
      stream="system"
    />
  );
}

function OneRunCharts({
  runId,
  ...props
}: {
  readonly runId: string;
  readonly search: ChartSearch;
  readonly onSearch: (change: ChartSearch) => void;
  readonly stream?: "system";
}) {
  const name = useQuery(apiQuery("getRun", { parameters: { runId } })).data?.name ?? runId;
  const runs = useMemo(() => [{ id: runId, name, colourIndex: 0 }], [runId, name]);
  return (
    <div className="page" style={{ maxWidth: 1560 }}>
      <RunCharts runs={runs} {...props} />
    </div>
  );
}
