/**
 * What changes in the store while a page is open. One stream of events serves the whole page; answers that a change makes
 * old are asked for again, at most a few times a second, and large tables every few seconds. Answers of a run are found by
 * the run id in their request.
 */
import { type AnswerOf, apiPath, changesEvent } from "@atelier/tracker/api";
import { type Query, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

type Changes = AnswerOf<"readChanges">;
type ChangeKind = Changes["runs"][number]["kinds"][number];
type ChangedRuns = ReadonlyMap<string, ReadonlySet<ChangeKind>>;

/** Changes are gathered for this long before anything is asked again. */
const gatherMs = { small: 250, large: 3000 } as const;

/** Which answers a kind of change makes old. */
const oldBy: { readonly [kind in ChangeKind]: readonly string[] } = {
  run: ["getRun", "listRuns", "cells", "getEnvironment", "listProjects"],
  history: ["readSeries", "listKeys", "readRows"],
  system: ["readSeries", "listKeys"],
  console: ["console"],
  files: ["listFiles", "listRunArtifacts"],
  evaluations: ["listRunEvaluations", "listEvaluations"],
};

/** Keeps what is on the page up to date for as long as it is shown. */
export function useLiveAnswers(): void {
  const client = useQueryClient();
  useEffect(() => {
    const small = gatherer(gatherMs.small, (changed) => renew(client, changed, (query) => !isLarge(query)));
    const large = gatherer(gatherMs.large, (changed) => renew(client, changed, isLarge));
    const source = new EventSource(apiPath("followChanges", {}));
    source.addEventListener(changesEvent, (event) => {
      const { runs, deletedRunIds } = JSON.parse(event.data) as Changes;
      const changes = [...runs, ...deletedRunIds.map((runId) => ({ runId, kinds: ["run"] as const }))];
      if (changes.length === 0) return;
      small.add(changes);
      large.add(changes);
    });
    return () => {
      source.close();
      small.stop();
      large.stop();
    };
  }, [client]);
}

/** Hands changes on together, no more often than every `waitMs`. */
function gatherer(waitMs: number, onChanged: (changed: ChangedRuns) => void) {
  let waiting = new Map<string, ReadonlySet<ChangeKind>>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    const changed = waiting;
    waiting = new Map();
    onChanged(changed);
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

function renew(client: QueryClient, changed: ChangedRuns, accepts: (query: Query) => boolean): void {
  void client.invalidateQueries(
    { predicate: (query) => accepts(query) && isOld(query, changed) },
    { cancelRefetch: false }, // an answer that takes longer than changes take to come must still come
  );
}

function isOld({ queryKey: [name, request] }: Query, changed: ChangedRuns): boolean {
  const text = JSON.stringify(request ?? "");
  return [...changed].some(
    ([runId, kinds]) =>
      [...kinds].some((kind) => oldBy[kind].includes(name as string)) &&
      (text.includes(`"${runId}"`) || !text.includes('"runId')),
  );
}
