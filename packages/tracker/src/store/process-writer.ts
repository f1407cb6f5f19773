/** This process as the writer of runs, and whether others still are. */
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Writer } from "../model/run.ts";

const machine = `${hostname()}${processNamespace()}`;

export const thisWriter: Writer = { machine, pid: process.pid };

/**
 * Whether a writer is known to be gone. One on another machine never is; nor is one whose number has been given to another
 * process since: silence will tell.
 */
export function isGone({ machine: place, pid }: Writer): boolean {
  if (place !== machine) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Containers of one machine may share its name, and number their processes each for themselves. */
function processNamespace(): string {
  try {
    return ` ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return ""; // not on Linux
  }
}
