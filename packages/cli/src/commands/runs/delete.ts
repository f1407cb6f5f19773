/** `atelier runs delete`: forgets runs. */
import { type Run, TrackerError } from "@atelier/tracker";
import { type Command, Option } from "commander";
import { debugOption, jsonOption } from "../../arguments.ts";
import { type Effects, printResult } from "../../effects.ts";
import { plural } from "../../terminal/numbers.ts";
import { plain } from "../../terminal/plain.ts";
import { findRun, openRunStoreToWrite } from "../../tracking/run-store.ts";

interface DeleteOptions {
  readonly force?: boolean;
  readonly json?: boolean;
}

export function declareDelete(runs: Command, effects: Effects): void {
  runs
    .command("delete")
    .summary("forget runs for good")
    .description(
      "Forgets runs with their history, files and evaluations. Artifacts they made stay. A run that is running is only " +
        "deleted with --force.",
    )
    .argument("<run...>", "runs by id or name")
    .addOption(new Option("--force", "delete running runs, too"))
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((names: readonly string[], options: DeleteOptions) => deleteRuns(names, options, effects));
}

export async function deleteRuns(
  names: readonly string[],
  { force, json }: DeleteOptions,
  effects: Effects,
): Promise<void> {
  await using store = openRunStoreToWrite(effects);
  const found = new Map<string, Run>();
  // All are found before the first is deleted: a misspelt name deletes nothing.
  for (const name of names) {
    const run = await findRun(store, name);
    if (run.state === "running" && !force) {
      throw new TrackerError("bad-argument", `${name}: it is still running; stop it first, or add --force.`);
    }
    found.set(run.id, run);
  }
  for (const id of found.keys()) await store.deleteRun(id);
  const freed = await store.removeUnusedBlobs();
  const deleted = [...found.values()].map(({ id, name }) => ({ id, name }));
  const text = [
    `${plural(deleted.length, "run")} deleted: ${deleted.map(({ name }) => plain(name)).join(", ")}`,
    ...(freed.count > 0 ? [`${plural(freed.count, "file")} removed that nothing used any more`] : []),
  ].join("\n");
  printResult(effects, json, { deleted, filesRemoved: freed.count, bytesFreed: freed.sizeBytes }, text);
}
