/** The runs of the table: cells of the columns asked for, page after page until all are there. */
import type { AnswerOf } from "@atelier/tracker/api";
import { parseRunField, type RunField } from "@atelier/tracker/model";
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
const defaultMetricColumns = 6;

/** The fields that the runs of a project have. */
export function useFields({ entity, project }: ProjectScope) {
  return useQuery(apiQuery("listFields", { query: { entity, project } }));
}

/** The columns that an address asks for, or those that most runs have something in; undefined until that is known. */
export function columnsOf(
  wanted: string | undefined,
  fields: readonly FieldCount[] | undefined,
): readonly RunField[] | undefined {
  if (wanted !== undefined) return readList(wanted).map(parseRunField);
  if (fields === undefined) return undefined;
  const metrics = fields
    .filter(({ field }) => field.startsWith("summary.") && !field.includes("epoch"))
    .sort((a, b) => metricRank(a.field) - metricRank(b.field) || b.runCount - a.runCount)
    .slice(0, defaultMetricColumns)
    .map(({ field }) => field);
  return ["createdAt", "duration", ...metrics, "tags"];
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
