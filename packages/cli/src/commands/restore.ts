/** `atelier restore`: the files of a run, as they were. */
import { resolve } from "node:path";
import { AtelierError } from "@atelier/engine";
import { restoreFiles, type StoredFile, TrackerError } from "@atelier/tracker";
import { type Command, Option } from "commander";
import { debugOption, jsonOption } from "../arguments.ts";
import { type Effects, printResult, say } from "../effects.ts";
import { grouped } from "../terminal/numbers.ts";
import { plain } from "../terminal/plain.ts";
import { formatTable } from "../terminal/table.ts";
import { findRun, openRunStore } from "../tracking/run-store.ts";

export interface RestoreOptions {
  readonly run: string;
  readonly out?: string;
  readonly json?: boolean;
}

export function declareRestore(program: Command, effects: Effects): void {
  program
    .command("restore")
    .summary("get the files of a run back, verified")
    .description(
      "Writes the files that a run has kept (its best model, recipe, history, reports) into a folder, each verified by " +
        "its SHA-256. A file that is missing or damaged in the store is named, and the others are restored.",
    )
    .argument("<run>", "a run by id or name")
    .addOption(new Option("--out <dir>", "folder for the files (default: restored/<id>)"))
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((run: string, options: Omit<RestoreOptions, "run">) => restore({ ...options, run }, effects));
}

export async function restore({ run: name, out, json }: RestoreOptions, effects: Effects): Promise<void> {
  await using store = openRunStore(effects);
  const run = await findRun(store, name);
  const files = await store.listFiles(run.id);
  const folder = resolve(effects.folder, out ?? `restored/${run.id}`);
  const restored: (StoredFile & { readonly target: string })[] = [];
  const failed: TrackerError[] = [];
  for (const file of files) {
    try {
      restored.push(...(await restoreFiles(store.blobs, [file], folder, effects)));
    } catch (error) {
      if (effects.signal.aborted) {
        const count = `${restored.length} of ${files.length} files`;
        throw new AtelierError("stopped", `stopped: ${count} restored to ${folder}.`, { cause: error });
      }
      if (!(error instanceof TrackerError)) throw error;
      failed.push(error);
      say(effects, error.message);
    }
  }
  const count = `${restored.length} of ${files.length} files`;
  if (failed.length > 0) {
    const code = failed.every((error) => error.code === "cannot-write") ? "cannot-write" : "bad-store";
    throw new TrackerError(code, `${count} restored to ${folder}; the others are named above.`, {
      cause: failed[0],
    });
  }
  const rows = restored.map(({ path, sha256, sizeBytes }) => [
    plain(path),
    grouped(sizeBytes),
    sha256.slice(0, 12),
  ]);
  const table = formatTable(["file", "bytes", "sha256"], rows, { align: ["left", "right", "left"] });
  const text =
    files.length === 0 ? `Run ${plain(run.name)} has kept no files.` : `${table}\n\n${count} in ${folder}`;
  printResult(effects, json, { run: run.id, folder, restored, total: files.length }, text);
}
