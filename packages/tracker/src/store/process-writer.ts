/** This process as the writer of runs, and whether others still are. */
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Writer } from "../model/run.ts";

export const thisWriter: Writer = { host: hostname(), pid: process.pid, pidNamespace: pidNamespace() };

/**
 * Whether a writer is known to be gone. One on another machine never is; nor is one whose number has been given to another
 * process since: silence will tell.
 */
export function isGone({ host, pid, pidNamespace }: Writer): boolean {
  if (host !== thisWriter.host || pidNamespace !== thisWriter.pidNamespace) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return ""; // not on Linux
  }
}
