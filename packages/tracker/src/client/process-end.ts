/** How a process's end reads as the end of the runs that were open in it. */
import type { RunUpdate } from "../model/run.ts";

export type ProcessEnd = Pick<RunUpdate, "error"> & { readonly state: "finished" | "failed" | "stopped" };

/**
 * Calls `work` when the process ends, where nothing can be waited for any more; 130 is the exit code that shells make of
 * Ctrl-C. Not called for a process that is killed. The function returned takes it back.
 */
export function atProcessEnd(work: (end: ProcessEnd) => void): () => void {
  let uncaught: unknown;
  const noteError = (error: unknown) => {
    uncaught = error;
  };
  const end = (exitCode: number) => work(endOf(exitCode, uncaught));
  process.on("uncaughtExceptionMonitor", noteError);
  process.on("exit", end);
  return () => {
    process.off("uncaughtExceptionMonitor", noteError);
    process.off("exit", end);
  };
}

function endOf(exitCode: number, uncaught: unknown): ProcessEnd {
  if (exitCode === 0) return { state: "finished" };
  if (exitCode === 130) return { state: "stopped" };
  const error =
    uncaught instanceof Error ? uncaught.message : `the process ended with exit code ${exitCode}.`;
  return { state: "failed", error };
}
