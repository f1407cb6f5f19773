/**
 * What changes in the store while a page is open. One stream of events serves the whole page; answers that a change makes
 * old are asked for again, at most a few times a second. Answers of a run are found by the run id in their request.
 */
import { type AnswerOf, apiPath, changesEvent } from "@atelier/tracker/api";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

type Changes = AnswerOf<"readChanges">;
type ChangeKind = Changes["runs"][number]["kinds"][number];

/** Changes are gathered for this long before anything is asked again. */
const gatherMs = 250;

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
    const waiting = new Map<string, Set<ChangeKind>>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const source = new EventSource(apiPath("followChanges", {}));
    source.addEventListener(changesEvent, (event) => {
      const { runs, deletedRunIds } = JSON.parse(event.data) as Changes;
      for (const { runId, kinds } of runs) {
        waiting.set(runId, new Set([...(waiting.get(runId) ?? []), ...kinds]));
      }
      for (const runId of deletedRunIds) waiting.set(runId, new Set(["run"]));
      if (waiting.size === 0) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        renew(client, new Map(waiting));
        waiting.clear();
      }, gatherMs);
    });
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [client]);
}

function renew(client: QueryClient, changed: ReadonlyMap<string, ReadonlySet<ChangeKind>>): void {
  void client.invalidateQueries(
    {
      predicate: ({ queryKey: [name, request] }) => {
        const text = JSON.stringify(request ?? "");
        return [...changed].some(
          ([runId, kinds]) =>
            [...kinds].some((kind) => oldBy[kind].includes(name as string)) &&
            (text.includes(`"${runId}"`) || !text.includes('"runId')),
        );
      },
    },
    { cancelRefetch: false }, // an answer that takes longer than changes take to come must still come
  );
}
