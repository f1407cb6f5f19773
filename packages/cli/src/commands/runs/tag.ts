/** `atelier runs tag`: gives runs tags, or takes them away. */
import { type Command, Option } from "commander";
import { debugOption, jsonOption, textOf } from "../../arguments.ts";
import { type Effects, printResult } from "../../effects.ts";
import { plain } from "../../terminal/plain.ts";
import { findRun, openRunStoreToWrite } from "../../tracking/run-store.ts";

interface TagOptions {
  readonly remove?: boolean;
  readonly json?: boolean;
}

export function declareTag(runs: Command, effects: Effects): void {
  runs
    .command("tag")
    .summary("tag a run")
    .description("Gives a run tags, or takes them away with --remove.")
    .argument("<run>", "a run by id or name")
    .argument("<tag...>")
    .addOption(new Option("--remove", "take the tags away"))
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((run: string, tags: readonly string[], options: TagOptions) =>
      tagRun(run, tags, options, effects),
    );
}

export async function tagRun(
  name: string,
  tags: readonly string[],
  { remove, json }: TagOptions,
  effects: Effects,
): Promise<void> {
  if (!remove) tags.forEach(textOf("tag"));
  await using store = openRunStoreToWrite(effects);
  const run = await findRun(store, name);
  const after = remove ? run.tags.filter((tag) => !tags.includes(tag)) : [...new Set([...run.tags, ...tags])];
  await store.updateRun(run.id, { tags: after });
  const text = `${plain(run.name)}: ${after.length === 0 ? "no tags" : after.map((tag) => plain(tag)).join(", ")}`;
  printResult(effects, json, { id: run.id, name: run.name, tags: after }, text);
}
