/**
 * What changes in the store while a page is open. One stream of events serves the whole page; answers that a change makes
 * old are asked for again, at most a few times a second, and large tables every few seconds. Answers of a run are found by
 * the run id in their request. Series of points are not asked for again but grow (live-series.ts).
 */
import { type AnswerOf, apiPath, changesEvent } from "@atelier/tracker/api";
import type { RunState } from "@atelier/tracker/model";
import { type Query, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { isGone } from "../parts/states.tsx";
import { followSeries } from "./live-series.ts";

type Changes = AnswerOf<"readChanges">;
type ChangeKind = Changes["runs"][number]["kinds"][number];
type ChangedRuns = ReadonlyMap<string, ReadonlySet<ChangeKind>>;

/** Changes are gathered for this long before anything is asked again. */
const gatherMs = { small: 250, large: 3000 } as const;

/** A server that does not answer for so long is gone. */
const cutOffMs = 1500;

/** A run that dies says nothing of it: who shows a running one asks again so often. */
const stillRunningMs = 10_000;

/** Which answers a kind of change makes old. */
const oldBy: { readonly [kind in ChangeKind]: readonly string[] } = {
  run: ["getRun", "listRuns", "cells", "getEnvironment", "listProjects"],
  history: [],
  system: [],
  console: ["console"],
  files: ["listFiles", "listRunArtifacts", "listArtifacts", "describeModel"],
  evaluations: ["listRunEvaluations", "listEvaluations"],
};

/** Keeps what is on the page up to date for as long as it is shown. Returns whether the server has been gone for a while. */
export function useLiveAnswers(): boolean {
  const client = useQueryClient();
  const [isCutOff, setIsCutOff] = useState(false);
  useEffect(() => {
    const small = gatherer(client, gatherMs.small, (query) => !isLarge(query));
    const large = gatherer(client, gatherMs.large, isLarge);
    const series = followSeries(client);
    const source = new EventSource(apiPath("followChanges", {}));
    let cutOff: ReturnType<typeof setTimeout> | undefined;
    source.addEventListener("open", () => {
      clearTimeout(cutOff);
      cutOff = undefined;
      setIsCutOff(false);
    });
    source.addEventListener("error", () => {
      // A stream that is refused is closed: the page says why. Others are tried again by the browser.
      if (source.readyState === EventSource.CONNECTING)
        cutOff ??= setTimeout(() => setIsCutOff(true), cutOffMs);
    });
    source.addEventListener(changesEvent, (event) => {
      const changes = JSON.parse(event.data) as Changes;
      series.onChanges(changes);
      const { runs, deletedRunIds } = changes;
      const changed = [...runs, ...deletedRunIds.map((runId) => ({ runId, kinds: ["run"] as const }))];
      if (changed.length === 0) return;
      small.add(changed);
      large.add(changed);
    });
    const asking = setInterval(
      () => void client.invalidateQueries({ predicate: showsRunning }),
      stillRunningMs,
    );
    return () => {
      clearInterval(asking);
      clearTimeout(cutOff);
      source.close();
      small.stop();
      large.stop();
      series.stop();
    };
  }, [client]);
  return isCutOff;
}

function showsRunning({ queryKey: [name], state: { data, error } }: Query): boolean {
  if (data === undefined || isGone(error)) return false;
  if (name === "getRun") return (data as AnswerOf<"getRun">).state === "running";
  if (name === "listRuns") return someRunning((data as AnswerOf<"listRuns">).runs);
  const pages = name === "cells" ? (data as { readonly pages: readonly AnswerOf<"listCells">[] }).pages : [];
  return pages.some(({ rows }) => someRunning(rows));
}

function someRunning(runs: readonly { readonly state: RunState }[]): boolean {
  return runs.some(({ state }) => state === "running");
}

/** Asks for old answers again, those that it accepts, no more often than every `waitMs`. */
function gatherer(client: QueryClient, waitMs: number, accepts: (query: Query) => boolean) {
  let waiting = new Map<string, ReadonlySet<ChangeKind>>();
  /** Answers on their way when a change came: they may be from before it. */
  let late = new Set<Query>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    const changed = waiting;
    waiting = new Map();
    const old = client
      .getQueryCache()
      .findAll({ predicate: (query) => accepts(query) && isOld(query, changed) });
    const all = new Set([...old, ...late]);
    late = new Set([...all].filter(({ state }) => state.fetchStatus === "fetching"));
    const ready = all.difference(late);
    void client.invalidateQueries({ predicate: (query) => ready.has(query) });
    timer = late.size > 0 ? setTimeout(flush, waitMs) : undefined;
  };
  return {
    add(changes: readonly { readonly runId: string; readonly kinds: readonly ChangeKind[] }[]) {
      for (const { runId, kinds } of changes) {
        waiting.set(runId, new Set([...(waiting.get(runId) ?? []), ...kinds]));
      }
      timer ??= setTimeout(flush, waitMs);
    },
    stop: () => clearTimeout(timer),
  };
}

/** A table that came in several pages, all of which would be asked for again. */
function isLarge({ queryKey: [name], state: { data } }: Query): boolean {
  const { pages = [] } = (data ?? {}) as { readonly pages?: readonly unknown[] };
  return name === "cells" && pages.length > 1;
}

function isOld({ queryKey: [name, request] }: Query, changed: ChangedRuns): boolean {
  const text = JSON.stringify(request ?? "");
  return [...changed].some(
    ([runId, kinds]) =>
      [...kinds].some((kind) => oldBy[kind].includes(name as string)) &&
      (text.includes(JSON.stringify(runId)) || !text.includes('"runId')),
  );
}
