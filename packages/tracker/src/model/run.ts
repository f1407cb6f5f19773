/** A run: one training, or any program's work, from start to end. */
import type { JsonObject } from "./json.ts";
import type { MetricDefinition } from "./metric-definition.ts";

/** crashed: it said it was running, and then nothing more. */
export type RunState = "running" | "finished" | "failed" | "crashed" | "stopped";

/** The states in which a program can leave its run. */
export type FinalState = "finished" | "failed" | "stopped";

/** A running program gives a sign of life this often. */
export const heartbeatMs = 15_000;

/** Without a sign of life for this long, a running run counts as crashed. */
export const crashedAfterMs = 4 * heartbeatMs;

/** What is known of the data a run works on. */
export interface DatasetInfo {
  readonly name: string;
  /** SHA-256 over its images and labels. */
  readonly checksum: string;
}

/** The machine a run works on. */
export interface HostInfo {
  readonly name: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

/** The process that writes a run, so that no other goes on with the run meanwhile. */
export interface Writer {
  readonly host: string;
  readonly pid: number;
  /** Where on the host the number means something: containers number their processes each for themselves. */
  readonly pidNamespace: string;
}

/** What it takes to run it again. */
export interface RunEnvironment {
  readonly host?: HostInfo;
  /** The command as typed, word by word. */
  readonly command?: readonly string[];
  /** The folder it was started in. */
  readonly folder?: string;
  readonly runtime?: string;
  /** Package name to version. */
  readonly packages?: Readonly<Record<string, string>>;
  readonly git?: { readonly commit: string; readonly branch?: string; readonly remote?: string };
  /** Changes against the commit, as `git diff` prints them. */
  readonly diff?: string;
}

/** A run as tables and pages show it. All times are milliseconds since the epoch, by its program's clock where nothing else is said. */
export interface Run {
  /** 8 characters of a–z and 0–9, unless the program chose its own; unique in the store. */
  readonly id: string;
  /** adjective-noun-N, unless the program chose its own; need not be unique. */
  readonly name: string;
  readonly entity: string;
  readonly project: string;
  readonly group: string | undefined;
  readonly jobType: string | undefined;
  readonly tags: readonly string[];
  readonly notes: string;
  readonly config: JsonObject;
  /** One value a key: the last one logged, or as its metric definition says, or as the program set it. */
  readonly summary: JsonObject;
  readonly metrics: Readonly<Record<string, MetricDefinition>>;
  readonly dataset: DatasetInfo | undefined;
  /** Who writes it, or did at last; undefined when that was not said. */
  readonly writer: Writer | undefined;
  /** As of now: a run without sign of life, or whose writer is gone, reads as crashed. */
  readonly state: RunState;
  readonly createdAt: number;
  /** When the store was told of it, by the clock of the store. */
  readonly startedAt: number;
  /** By the clock of the store, which also tells by it who has fallen silent. */
  readonly heartbeatAt: number;
  readonly finishedAt: number | undefined;
  /** Why it failed, in one sentence. */
  readonly error: string | undefined;
  /** Where a resumed run goes on counting. */
  readonly next: {
    readonly row: number;
    readonly systemRow: number;
    readonly consoleLine: number;
    readonly step: number;
  };
}

/** What a program says when it starts a run. */
export interface NewRun {
  readonly id: string;
  /** Absent: generated, with the number of the run in its project. */
  readonly name?: string | undefined;
  readonly entity: string;
  readonly project: string;
  readonly group?: string | undefined;
  readonly jobType?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly notes?: string | undefined;
  readonly config?: JsonObject | undefined;
  readonly metrics?: Readonly<Record<string, MetricDefinition>> | undefined;
  readonly dataset?: DatasetInfo | undefined;
  readonly environment?: RunEnvironment | undefined;
  readonly writer?: Writer | undefined;
  readonly createdAt: number;
}

/** A change of a run: what is present replaces what was. */
export interface RunUpdate {
  readonly name?: string;
  readonly group?: string | undefined;
  readonly jobType?: string | undefined;
  readonly tags?: readonly string[];
  readonly notes?: string;
  readonly config?: JsonObject;
  readonly summary?: JsonObject;
  readonly metrics?: Readonly<Record<string, MetricDefinition>>;
  readonly dataset?: DatasetInfo;
  readonly environment?: RunEnvironment;
  readonly state?: FinalState;
  readonly finishedAt?: number | undefined;
  readonly error?: string | undefined;
}

/** The state of a run at the time `now`, from what it last said and from whether its writer is known to be gone. */
export function stateAt(
  { state, heartbeatAt, writer }: Pick<Run, "state" | "heartbeatAt" | "writer">,
  now: number,
  isGone: (writer: Writer) => boolean,
): RunState {
  if (state !== "running") return state;
  const isSilent = now - heartbeatAt > crashedAfterMs;
  return isSilent || (writer !== undefined && isGone(writer)) ? "crashed" : state;
}

/** How long a run has worked, or worked until its last sign of life, in milliseconds. */
export function durationMs(run: Pick<Run, "createdAt" | "startedAt" | "heartbeatAt" | "finishedAt">): number {
  // Between two times of one clock: the program's and the store's may be minutes apart.
  const { createdAt, finishedAt, startedAt, heartbeatAt } = run;
  return Math.max(0, typeof finishedAt === "number" ? finishedAt - createdAt : heartbeatAt - startedAt);
}
