/** Processor time of this process's own threads, which other programs on the machine change little, unlike the time of day. */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds that threads which do not train have worked, or do in a second. */
export interface ProcessorTime {
  readonly main: number;
  readonly store: number;
  /** Collecting garbage, asking for files. */
  readonly other: number;
}

/** By the names that Node gives its threads; one that trains has the main one's. */
const kindOf: Readonly<Record<string, keyof ProcessorTime>> = {
  WorkerThread: "store",
  "node-V8Worker": "other",
  "libuv-worker": "other",
  DelayedTaskSche: "other",
};

const threads = "/proc/self/task";

/** Calls `work`; what the threads worked meanwhile, a second. Undefined where the operating system does not tell (other than Linux). */
export async function processorTimeOf(work: () => Promise<unknown>): Promise<ProcessorTime | undefined> {
  const [before, started] = [workedSoFar(), performance.now()];
  await work();
  const seconds = (performance.now() - started) / 1000;
  const after = workedSoFar();
  if (before === undefined || after === undefined) return undefined;
  const of = (kind: keyof ProcessorTime) => (after[kind] - before[kind]) / seconds;
  return { main: of("main"), store: of("store"), other: of("other") };
}

function workedSoFar(): ProcessorTime | undefined {
  const worked = { main: 0, store: 0, other: 0 };
  try {
    for (const thread of readdirSync(threads)) {
      const kind =
        thread === String(process.pid)
          ? "main"
          : kindOf[readFileSync(`${threads}/${thread}/comm`, "utf8").trim()];
      const nanoseconds = readFileSync(`${threads}/${thread}/schedstat`, "utf8").split(" ")[0]!;
      if (kind !== undefined) worked[kind] += Number(nanoseconds) / 1e6;
    }
    return worked;
  } catch {
    return undefined;
  }
}
