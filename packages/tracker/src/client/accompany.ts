/** What is recorded of a run without its program doing anything: signs of life, the machine, the console, the environment. */
import { heartbeatMs, type Run } from "../model/run.ts";
import type { Clock } from "./clock.ts";
import { captureConsole } from "./console-capture.ts";
import { readEnvironment } from "./environment.ts";
import type { RunQueue } from "./run-queue.ts";
import { systemSampler } from "./system-metrics.ts";

/** A last sample is of at least as long as this. */
const shortestSampleMs = 500;

export interface AccompanyOptions {
  readonly queue: RunQueue;
  readonly clock: Clock;
  /** The store's folder: its disk is the one that is watched. */
  readonly folder: string;
  /** Whether the environment is still to be recorded; a resumed run keeps the one it was started in. */
  readonly isNew: boolean;
  readonly captureConsole?: boolean;
  readonly systemEveryMs?: number;
}

/** Starts recording; `end` stops it, after a last sample. */
export function accompany(run: Run, options: AccompanyOptions): { readonly end: () => Promise<void> } {
  const { queue, clock, folder, systemEveryMs = 10_000 } = options;
  const heartbeat = setInterval(() => queue.push({ update: {} }), heartbeatMs);
  heartbeat.unref();

  let consoleLine = run.next.consoleLine;
  const endCapture =
    options.captureConsole === false
      ? () => {}
      : captureConsole((stream, text) =>
          queue.push({ line: { line: consoleLine++, stream, time: clock(), text } }),
        );

  const environment = options.isNew
    ? readEnvironment(process.cwd()).then((found) => queue.push({ update: { environment: found } }))
    : Promise.resolve();

  let systemRow = run.next.systemRow;
  const sample = systemSampler(folder);
  let lastSample = Number.NEGATIVE_INFINITY;
  const takeSample = async () => {
    lastSample = performance.now();
    const values = await sample();
    queue.push({ systemRow: { row: systemRow, step: systemRow++, time: clock(), values } });
  };
  const sampling = systemEveryMs > 0 ? setInterval(takeSample, systemEveryMs) : undefined;
  sampling?.unref();

  return {
    end: async () => {
      clearInterval(heartbeat);
      clearInterval(sampling);
      await environment;
      // How busy a few moments were says nothing.
      if (sampling && performance.now() - lastSample > shortestSampleMs) await takeSample();
      endCapture();
    },
  };
}
