/** A chart for every metric of some runs. Charts ask for their points when they come into view. */
import type { MetricCurve } from "@atelier/charts";
import type { Run, Series } from "@atelier/tracker/model";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { apiQuery } from "../api/client.ts";
import { seriesQuery } from "../api/series-query.ts";
import { Empty, Failed, Loading } from "../parts/states.tsx";
import { type ChartSearch, rangeText, useChartSettings } from "./chart-settings.ts";
import { ChartToolbar } from "./chart-toolbar.tsx";
import { HoverContext, HoverStore } from "./hover.ts";
import { MetricChart, type MetricChartProps } from "./metric-chart.tsx";
import { metricFilter } from "./metric-filter.ts";
import { inTimeUnit } from "./time-unit.ts";
import "./run-charts.css";

/** A run as charts show it. */
export interface ShownRun extends Pick<Run, "id" | "name"> {
  readonly colourIndex: number;
}

/** Points that all curves of one chart may have together: more than that is neither seen nor quickly drawn. */
const pointsOfChart = 40_000;
const [fewestPoints, mostPoints] = [300, 2000];
/** Of more runs than this only these are asked which metrics they have. */
const askedForKeys = 30;

/** The charts with their toolbar. */
export function RunCharts({
  runs,
  search,
  onSearch,
  stream = "history",
}: {
  readonly runs: readonly ShownRun[];
  readonly search: ChartSearch;
  readonly onSearch: (change: ChartSearch) => void;
  readonly stream?: "history" | "system";
}) {
  const settings = useChartSettings(search);
  const [hover] = useState(() => new HoverStore());
  const answers = useQueries({
    queries: runs
      .slice(0, askedForKeys)
      .map(({ id }) => apiQuery("listKeys", { parameters: { runId: id }, query: { stream } })),
  });
  const keys = [
    ...new Set(
      answers.flatMap(({ data }) => data?.filter(({ hasNumbers }) => hasNumbers).map(({ key }) => key) ?? []),
    ),
  ].sort(byMetric);
  const isWanted = metricFilter(search.metrics ?? "");
  const wanted = keys.filter((key) => isWanted(key) && key !== settings.x);
  const failed = answers.find(({ error }) => error)?.error;
  if (runs.length === 0)
    return <Empty title="No run is shown">Open an eye in the table to draw a run.</Empty>;
  if (keys.length === 0 && failed) return <Failed error={failed} />;
  if (keys.length === 0 && answers.some(({ isPending }) => isPending)) return <Loading what="metrics" />;
  return (
    <HoverContext value={hover}>
      <div className="run-charts">
        <ChartToolbar
          search={search}
          xKeys={keys.filter((key) => /epoch|step/i.test(key))}
          onChange={onSearch}
        />
        {wanted.length === 0 && (
          <Empty title={keys.length === 0 ? "No numbers have been logged yet" : "No metric has this name"} />
        )}
        <div className="grid">
          {wanted.map((key) => (
            <WhenInView key={key} height={226} isLarge={key === search.large}>
              <KeyChart
                metric={key}
                runs={runs}
                settings={settings}
                stream={stream}
                isLarge={key === search.large}
                onRange={(range) => onSearch({ range: rangeText(range) })}
                onLarge={(isLarge) => onSearch({ large: isLarge ? key : undefined })}
              />
            </WhenInView>
          ))}
        </div>
      </div>
    </HoverContext>
  );
}

function KeyChart({
  metric,
  runs,
  settings,
  stream,
  ...chart
}: Pick<MetricChartProps, "settings" | "isLarge" | "onRange" | "onLarge"> & {
  readonly metric: string;
  readonly runs: readonly ShownRun[];
  readonly stream: "history" | "system";
}) {
  const { x, range } = settings;
  const isTime = x === "time";
  const points = Math.max(fewestPoints, Math.min(mostPoints, Math.floor(pointsOfChart / runs.length)));
  const query = useQuery({
    ...seriesQuery({
      runIds: runs.map(({ id }) => id),
      keys: [metric],
      stream,
      points,
      precision: "float32",
      ...(!isTime && x !== "step" && { xKey: x }),
      ...(!isTime && range && { from: range[0], to: range[1] }),
    }),
    placeholderData: keepPreviousData,
  });
  const drawn = useMemo(() => {
    const curves = curvesOf(query.data ?? [], runs, isTime);
    return isTime ? inTimeUnit(curves, settings) : { curves, settings };
  }, [query.data, runs, isTime, settings]);
  if (query.error && !query.data) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <div className="metric-chart waiting-area" style={{ height: 226 }} />;
  return (
    <MetricChart
      title={metric}
      {...drawn}
      isDownSampled={query.data.some(({ isDownSampled }) => isDownSampled)}
      {...chart}
    />
  );
}

function curvesOf(series: readonly Series[], runs: readonly ShownRun[], isTime: boolean): MetricCurve[] {
  return runs.flatMap(({ id, name, colourIndex }) => {
    const own = series.find(({ runId }) => runId === id);
    if (!own) return [];
    const start = own.time[0] ?? 0;
    const x = isTime ? own.time.map((ms) => (ms - start) / 60_000) : own.x;
    return [{ name, colourIndex, x, y: own.y }];
  });
}

/** What one looks at first. */
const firstMetrics: readonly string[] = [
  "val_loss",
  "val_accuracy",
  "loss",
  "accuracy",
  "test_loss",
  "test_accuracy",
];

/** Losses and accuracies first; others by name. */
function byMetric(a: string, b: string): number {
  const rank = (key: string) =>
    firstMetrics.includes(key) ? firstMetrics.indexOf(key) : firstMetrics.length;
  return rank(a) - rank(b) || a.localeCompare(b);
}

function WhenInView({
  height,
  isLarge,
  children,
}: {
  readonly height: number;
  readonly isLarge: boolean;
  readonly children: React.ReactNode;
}) {
  const place = useRef<HTMLDivElement>(null);
  const [isNear, setIsNear] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry!.isIntersecting && setIsNear(true), {
      rootMargin: "200px",
    });
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={place} style={{ minHeight: height, minWidth: 0, ...(isLarge && { gridColumn: "1 / -1" }) }}>
      {isNear && children}
    </div>
  );
}
