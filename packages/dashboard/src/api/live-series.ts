/**
 * Keeps the series on a page up to date with runs that go on. Of each run only the rows written since the last change are
 * read, once for all charts, and series over steps grow by them; new keys are asked for. Whatever does not simply follow is read again as a whole:
 * rows that come late or twice, other x axes, series that become too long.
 */
import type { AnswerOf, BodyOf, RequestOf } from "@atelier/tracker/api";
import type { HistoryRow, RowStream } from "@atelier/tracker/model";
import type { Query, QueryClient } from "@tanstack/react-query";
import { api } from "./client.ts";
import { grownSeries, newRowsOf, type RowsSeen } from "./grow-series.ts";

type Changes = AnswerOf<"readChanges">;
type AllSeries = AnswerOf<"readSeries">;

const gatherMs = 200;
/** More new rows than this at once are not worth reading one by one. */
const mostRows = 1000;

interface Followed {
  readonly runId: string;
  readonly stream: RowStream;
  /** The change number after which rows are to be read; undefined: nothing is new. */
  since: number | undefined;
  isBusy: boolean;
  /** Undefined until the run has been looked at. */
  seen: RowsSeen | undefined;
}

/** Follows the runs of which series are on the page. */
export function followSeries(client: QueryClient) {
  const followed = new Map<string, Followed>();
  let cursor: number | undefined;
  let isStopped = false;

  const catchUp = async (one: Followed) => {
    one.isBusy = true;
    while (one.since !== undefined && !isStopped) {
      await new Promise((resolve) => setTimeout(resolve, gatherMs));
      const queries = client
        .getQueryCache()
        .findAll({ predicate: (query) => shows(query, one) || listsKeys(query, one) });
      if (queries.length === 0) {
        followed.delete(nameOf(one.runId, one.stream)); // begins anew when it is shown again
        return;
      }
      // What is on its way may be from before the change or from after it: first it must be there.
      if (queries.some(({ state }) => state.fetchStatus === "fetching")) continue;
      const { since } = one;
      one.since = undefined;
      const rows = await readNewRows(one, since).catch(() => {
        one.seen = undefined; // it begins anew with the next change
        return undefined;
      });
      await renew(client, one, rows);
    }
    one.isBusy = false;
  };

  return {
    onChanges(changes: Changes) {
      const before = cursor;
      cursor = changes.cursor;
      if (before === undefined) return;
      for (const { runId, kinds } of changes.runs) {
        for (const stream of ["history", "system"] as const) {
          if (!kinds.includes(stream)) continue;
          const name = nameOf(runId, stream);
          const one = followed.get(name) ?? {
            runId,
            stream,
            since: undefined,
            isBusy: false,
            seen: undefined,
          };
          followed.set(name, one);
          one.since ??= before;
          if (!one.isBusy) void catchUp(one);
        }
      }
    },
    stop: () => {
      isStopped = true;
    },
  };
}

/** The rows written since; undefined where series are to be read as a whole. */
async function readNewRows(one: Followed, changedAfter: number): Promise<readonly HistoryRow[] | undefined> {
  const { runId, stream } = one;
  const parameters = { runId };
  const { rows, next } = await api.call("readRows", {
    parameters,
    query: { stream, changedAfter, limit: mostRows },
  });
  if (next !== undefined && next !== null) {
    one.seen = undefined;
    return undefined;
  }
  const { rows: fresh, isInOrder, seen } = newRowsOf(rows, one.seen ?? nothingSeen);
  if (one.seen !== undefined) {
    one.seen = seen;
    return isInOrder ? fresh : undefined;
  }
  // Steps before those that were read may reach further than they do.
  const run = await api.call("getRun", { parameters });
  const reached = (stream === "history" ? run.next.step : run.next.systemRow) - 1;
  one.seen = { ...seen, lastStep: Math.max(seen.lastStep, reached) };
  return undefined;
}

const nothingSeen: RowsSeen = { lastRow: -1, lastStep: Number.NEGATIVE_INFINITY, recent: new Map() };

/** Brings all series of a run up to date by rows, or by reading them again. */
async function renew(
  client: QueryClient,
  one: Followed,
  rows: readonly HistoryRow[] | undefined,
): Promise<void> {
  const old = new Set<Query>();
  for (const query of client.getQueryCache().findAll({ predicate: (query) => shows(query, one) })) {
    const grown = rows && query.isActive() ? grownAnswer(query, one, rows) : undefined;
    if (grown === undefined) old.add(query);
    else if (grown !== query.state.data) client.setQueryData(query.queryKey, grown);
  }
  const keys = new Set(rows?.flatMap(({ values }) => Object.keys(values)));
  await client.invalidateQueries({
    predicate: (query) => old.has(query) || (listsKeys(query, one) && lacksKey(query, rows && keys)),
  });
}

function grownAnswer(query: Query, { runId }: Followed, rows: readonly HistoryRow[]): AllSeries | undefined {
  const { keys, xKey, ...range } = seriesBody(query);
  const answer = query.state.data as AllSeries | undefined;
  if (answer === undefined || xKey !== undefined || query.state.isInvalidated) return undefined;
  const isNew = (key: string) =>
    rows.some(({ values }) => typeof values[key] === "number") &&
    !answer.some((series) => series.runId === runId && series.key === key);
  if (keys.some(isNew)) return undefined;
  let isSame = true;
  const grown: AllSeries[number][] = [];
  for (const series of answer) {
    const next = series.runId === runId ? grownSeries(series, rows, range) : series;
    if (next === undefined) return undefined;
    if (next !== series) isSame = false;
    grown.push(next);
  }
  return isSame ? answer : grown;
}

function nameOf(runId: string, stream: RowStream): string {
  return `${stream} ${runId}`;
}

function seriesBody({ queryKey }: Query): BodyOf<"readSeries"> {
  return (queryKey[1] as RequestOf<"readSeries">).body;
}

function shows(query: Query, { runId, stream }: Followed): boolean {
  if (query.queryKey[0] !== "readSeries") return false;
  const body = seriesBody(query);
  return (body.stream ?? "history") === stream && body.runIds.includes(runId);
}

function listsKeys({ queryKey: [name, request] }: Query, { runId, stream }: Followed): boolean {
  if (name !== "listKeys") return false;
  const { parameters, query } = request as RequestOf<"listKeys">;
  return parameters.runId === runId && (query?.stream ?? "history") === stream;
}

/** Whether a list of keys has not all of `keys`, or may not have them. */
function lacksKey({ state }: Query, keys: ReadonlySet<string> | undefined): boolean {
  const known = new Set((state.data as AnswerOf<"listKeys"> | undefined)?.map(({ key }) => key));
  return keys === undefined || [...keys].some((key) => !known.has(key));
}
