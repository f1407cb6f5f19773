/** `atelier runs`: what has been recorded, one file a subcommand. */
import type { Command } from "commander";
import type { Effects } from "../effects.ts";
import { declareCompare } from "./runs/compare.ts";
import { declareDelete } from "./runs/delete.ts";
import { declareExport } from "./runs/export.ts";
import { declareList } from "./runs/list.ts";
import { declareShow } from "./runs/show.ts";
import { declareTag } from "./runs/tag.ts";

export function declareRuns(program: Command, effects: Effects): void {
  const runs = program
    .command("runs")
    .summary("list, compare, tag, export and delete recorded runs")
    .description("Works on the runs recorded in .atelier of this folder. Without a subcommand it lists them.")
    .exitOverride();
  for (const declare of [
    declareList,
    declareShow,
    declareCompare,
    declareTag,
    declareDelete,
    declareExport,
  ]) {
    declare(runs, effects);
  }
}
