/** Programs of this folder as processes of their own, to be killed or waited for. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface ProgramRun {
  /** Every line it wrote to stdout. */
  readonly lines: readonly string[];
  readonly stderr: string;
  /** Undefined when it was killed. */
  readonly exitCode: number | undefined;
}

export interface ProgramOptions {
  /** Kill it with SIGKILL this long after its first line, or when this resolves. */
  readonly killAfterMs?: number | Promise<unknown>;
}

/** Runs a program of this folder until it ends or is killed. */
export function runProgram(
  name: string,
  parameters: readonly string[],
  { killAfterMs }: ProgramOptions = {},
): Promise<ProgramRun> {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), ...parameters]);
  const lines: string[] = [];
  let stderr = "";
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line);
    if (lines.length > 1 || killAfterMs === undefined) return;
    const kill = () => child.kill("SIGKILL");
    if (typeof killAfterMs === "number") setTimeout(kill, killAfterMs);
    else killAfterMs.then(kill);
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  return new Promise((resolve) => {
    child.on("close", (exitCode) => resolve({ lines, stderr, exitCode: exitCode ?? undefined }));
  });
}
