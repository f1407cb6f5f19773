/** `atelier runs export`: runs and their history for other programs. */
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { AtelierError, expectReplaceable, nearestName } from "@atelier/engine";
import {
  csv,
  type ExportTable,
  historyTable,
  jsonLines,
  parquet,
  parseRunFilter,
  runsTable,
} from "@atelier/tracker";
import { type Command, Option } from "commander";
import { debugOption, jsonOption } from "../../arguments.ts";
import { type Effects, printResult } from "../../effects.ts";
import { findRun, openRunStore } from "../../tracking/run-store.ts";

export interface ExportRunsOptions {
  readonly format?: string;
  readonly out?: string;
  readonly project?: string;
  readonly filter?: string;
  readonly json?: boolean;
}

export function declareExport(runs: Command, effects: Effects): void {
  runs
    .command("export")
    .summary("write runs, or the history of some, as JSONL, CSV or Parquet")
    .description(
      "Without RUN: a row for each run, with config and summary. With RUN: every row of their history, never thinned.",
    )
    .argument("[run...]", "runs by id or name")
    .addOption(new Option("--format <format>", "jsonl, csv or parquet (default: by --out, else jsonl)"))
    .addOption(new Option("--out <file>", "where to (default: stdout)"))
    .addOption(new Option("--project <name>", "without RUN: only runs of this project"))
    .addOption(new Option("--filter <filter>", "without RUN: only runs for which this holds"))
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((names: readonly string[], options: ExportRunsOptions) => exportRuns(names, options, effects));
}

/** One line a format: its pieces, text or bytes. */
const formats: { readonly [name: string]: (table: ExportTable) => AsyncIterable<string | Uint8Array> } = {
  jsonl: jsonLines,
  csv,
  parquet,
};

export async function exportRuns(
  names: readonly string[],
  options: ExportRunsOptions,
  effects: Effects,
): Promise<void> {
  const format = formatOf(options);
  await using store = openRunStore(effects);
  const { project, filter, out } = options;
  const runIds: string[] = [];
  for (const name of names) runIds.push((await findRun(store, name)).id);
  const table =
    names.length > 0
      ? await historyTable(store, runIds)
      : await runsTable(store, {
          ...(project !== undefined && { project }),
          ...(filter !== undefined && { filter: parseRunFilter(filter) }),
        });
  const pieces = formats[format]!(table);
  if (out === undefined) {
    for await (const piece of pieces) {
      await setImmediate(); // so that Ctrl-C is heard
      if (effects.signal.aborted) throw new AtelierError("stopped", "stopped: the export is not complete.");
      effects.stdout(piece as string);
    }
    return;
  }
  const path = resolve(effects.folder, out);
  const sizeBytes = await writePieces(path, pieces, effects.signal);
  printResult(effects, options.json, { file: path, format, sizeBytes }, path);
}

function formatOf({ format, out, json }: ExportRunsOptions): string {
  const known = Object.keys(formats);
  const byName = out === undefined ? undefined : extname(out).slice(1);
  const chosen = format ?? (byName !== undefined && known.includes(byName) ? byName : "jsonl");
  if (!known.includes(chosen)) {
    const nearest = nearestName(chosen, known);
    const hint = nearest === undefined ? `Known are: ${known.join(", ")}.` : `Did you mean "${nearest}"?`;
    throw new AtelierError("bad-argument", `--format: expected a file format, got "${chosen}". ${hint}`);
  }
  if (out === undefined && (chosen === "parquet" || json)) {
    const reason = chosen === "parquet" ? "Parquet is no text" : "--json tells about a file";
    throw new AtelierError("bad-argument", `--out: expected a file to write to: ${reason}.`);
  }
  return chosen;
}

/** Writes beside the file and renames, so that it is there whole or not at all. */
async function writePieces(
  path: string,
  pieces: AsyncIterable<string | Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const temporary = `${path}.${process.pid}.tmp`;
  let sizeBytes = 0;
  await expectReplaceable(path);
  try {
    await pipeline(
      pieces,
      async function* (parts: AsyncIterable<string | Uint8Array>) {
        for await (const part of parts) {
          const bytes = typeof part === "string" ? Buffer.from(part) : part;
          sizeBytes += bytes.length;
          yield bytes;
        }
      },
      createWriteStream(temporary, { flags: "wx", flush: true }),
      { signal },
    );
    await rename(temporary, path);
    return sizeBytes;
  } catch (cause) {
    if (signal.aborted) throw new AtelierError("stopped", `stopped: ${path} is not written.`, { cause });
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === undefined || cause instanceof AtelierError) throw cause;
    throw new AtelierError("cannot-write", `cannot write ${path}: ${message}`, { cause });
  } finally {
    await rm(temporary, { force: true });
  }
}
