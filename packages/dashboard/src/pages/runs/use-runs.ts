/** The runs of the table: cells of the columns asked for, page after page until all are there. */
import type { AnswerOf } from "@atelier/tracker/api";
import { entryOf, parseRunField, type RunField } from "@atelier/tracker/model";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { api, apiQuery } from "../../api/client.ts";
import { metricRank } from "../../parts/metric-sense.ts";
import { type RunsSearch, readList } from "./runs-search.ts";

export type RunRow = AnswerOf<"listCells">["rows"][number];
export type FieldCount = AnswerOf<"listFields">[number];

export interface ProjectScope {
  readonly entity: string;
  readonly project: string;
}

/** The first page is small, so that it paints at once; the following ones are large. */
const [firstPage, laterPage] = [200, 5000];
const [defaultMetricColumns, defaultSettingColumns, defaultLayerColumns] = [4, 5, 3];
/** So many of the newest runs are looked at for what tells them apart, and so many settings of theirs and of their layers. */
const [sampleSize, mostSettings] = [50, 40];

/** The fields that the runs of a project have. */
export function useFields({ entity, project }: ProjectScope) {
  return useQuery(apiQuery("listFields", { query: { entity, project } }));
}

/** The columns that an address asks for, or those that tell runs apart; undefined until that is known. */
export function useColumns(
  { entity, project }: ProjectScope,
  wanted: string | undefined,
  fields: readonly FieldCount[] | undefined,
): readonly RunField[] | undefined {
  const settings = useMemo(() => settingsOf(fields ?? []), [fields]);
  const sample = useQuery({
    ...apiQuery("listCells", { query: { entity, project, columns: settings, limit: sampleSize } }),
    enabled: wanted === undefined && settings.length > 0,
  });
  const isReady = settings.length === 0 || sample.data !== undefined || sample.isError;
  return useMemo(() => {
    if (wanted !== undefined) return readList(wanted).map(parseRunField);
    if (fields === undefined || !isReady) return undefined;
    const varying = varyingOf(settings, sample.data?.rows ?? []);
    const [first, second, ...others] = metricsOf(fields);
    const best = [first, second].filter((field) => field !== undefined);
    return [...best, "createdAt", ...varying, ...others, "duration", "tags"];
  }, [wanted, fields, isReady, settings, sample.data]);
}

/** What one asks first of runs, results on data that was not trained on before others. */
function metricsOf(fields: readonly FieldCount[]): readonly RunField[] {
  return fields
    .filter(({ field }) => field.startsWith("summary.") && !field.includes("epoch"))
    .sort((a, b) => metricRank(a.field) - metricRank(b.field) || b.runCount - a.runCount)
    .slice(0, defaultMetricColumns)
    .map(({ field }) => field);
}

/** The settings that may tell runs apart at a glance: those near the top of configs, and those of single layers. */
function settingsOf(fields: readonly FieldCount[]): readonly RunField[] {
  const settings = fields
    .filter(({ field }) => field.startsWith("config.") && field !== "config.description")
    .sort((a, b) => b.runCount - a.runCount)
    .map(({ field }) => field);
  const nearTheTop = settings
    .filter((field) => !isOfLayer(field))
    .sort((a, b) => a.split(".").length - b.split(".").length);
  return [...nearTheTop.slice(0, mostSettings), ...settings.filter(isOfLayer).slice(0, mostSettings)];
}

function isOfLayer(field: RunField): boolean {
  return entryOf(field) !== undefined;
}

/**
 * The settings that are plain values and not the same in all rows, those with the most values first; then those of layers
 * that all rows have: other nets have other layers, which their names tell better.
 */
function varyingOf(settings: readonly RunField[], rows: readonly RunRow[]): readonly RunField[] {
  const varying = settings
    .map((field, at) => ({ field, values: new Set(rows.map(({ cells }) => cells[at] ?? null)) }))
    .filter(
      ({ field, values }) =>
        values.size > 1 &&
        [...values].every((value) => (value === null ? !isOfLayer(field) : typeof value !== "object")),
    )
    .sort((a, b) => b.values.size - a.values.size)
    .map(({ field }) => field);
  return [
    ...varying.filter((field) => !isOfLayer(field)).slice(0, defaultSettingColumns),
    ...varying.filter(isOfLayer).slice(0, defaultLayerColumns),
  ];
}

/** The field and direction of an address's sort. */
export function sortOf({ sort = "-createdAt" }: RunsSearch): {
  readonly sort: RunField;
  readonly direction: "asc" | "desc";
} {
  const isDescending = sort.startsWith("-");
  return {
    sort: parseRunField(isDescending ? sort.slice(1) : sort),
    direction: isDescending ? "desc" : "asc",
  };
}

/** All rows that match, as far as they have come, and how many there are. */
export function useRuns(
  { entity, project }: ProjectScope,
  search: RunsSearch,
  columns: readonly RunField[] | undefined,
) {
  const request = {
    entity,
    project,
    ...sortOf(search),
    ...(search.filter && { filter: search.filter }),
    columns: columns ?? [],
  };
  const query = useInfiniteQuery({
    queryKey: ["cells", request],
    enabled: columns !== undefined,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      api.call("listCells", {
        query: {
          ...request,
          limit: pageParam === undefined ? firstPage : laterPage,
          ...(pageParam && { after: pageParam }),
        },
        signal,
      }),
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, isError]);
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.rows) ?? [], [query.data]);
  return { query, rows, total: query.data?.pages[0]?.total ?? 0 };
}
