/** `atelier runs list`, or just `atelier runs`. */
import {
  durationMs,
  fieldValue,
  parseRunField,
  parseRunFilter,
  type Run,
  type RunField,
} from "@atelier/tracker";
import { type Command, Option } from "commander";
import { debugOption, jsonOption, wholeNumberOf } from "../../arguments.ts";
import { type Effects, printResult } from "../../effects.ts";
import { duration, grouped } from "../../terminal/numbers.ts";
import { cellText, moment, plain } from "../../terminal/plain.ts";
import { formatTable } from "../../terminal/table.ts";
import { plainJson } from "../../tracking/plain-json.ts";
import { openRunStore } from "../../tracking/run-store.ts";

export interface ListOptions {
  readonly project?: string;
  readonly filter?: string;
  readonly sort?: string;
  readonly columns?: string;
  readonly limit: number;
  readonly json?: boolean;
}

export function declareList(runs: Command, effects: Effects): void {
  runs
    .command("list", { isDefault: true })
    .summary("list runs, the newest first")
    .description(
      "Lists runs. Fields are id, name, project, group, jobType, tags, notes, state, createdAt, duration; " +
        "config.PATH, as in config.layers.1.rate; and the keys of the summary, with or without summary. before them.",
    )
    .addOption(new Option("--project <name>", "only runs of this project"))
    .addOption(new Option("--filter <filter>", "only runs for which this holds, e.g. 'val_accuracy > 0.9'"))
    .addOption(new Option("--sort <field>", "order by a field; -field: largest first"))
    .addOption(new Option("--columns <fields>", "fields to show, with commas between"))
    .addOption(new Option("--limit <n>", "show this many").argParser(wholeNumberOf("--limit", 1)).default(30))
    .addOption(jsonOption())
    .addOption(debugOption())
    .addHelpText(
      "after",
      "\nExamples:\n  atelier runs --sort -test_accuracy --columns test_accuracy,parameters,config.optimizer.learningRate\n" +
        "  atelier runs --filter 'state = finished and (val_accuracy > 0.9 or tags has tryout)'",
    )
    .action((options: ListOptions) => listRuns(options, effects));
}

export async function listRuns(options: ListOptions, effects: Effects): Promise<void> {
  await using store = openRunStore(effects);
  const { project, filter, sort, limit, json } = options;
  const page = await store.listRuns({
    ...(project !== undefined && { project }),
    ...(filter !== undefined && { filter: parseRunFilter(filter) }),
    ...(sort !== undefined && { sort: orderOf(sort) }),
    limit,
  });
  const columns =
    options.columns?.split(",").map((field) => parseRunField(field.trim())) ?? usualColumns(page.runs);
  const head = [
    "run",
    "id",
    "state",
    "started",
    "time",
    ...columns.map((field) => field.replace(/^summary\./, "")),
  ];
  const rows = page.runs.map((run) => [
    plain(run.name),
    plain(run.id),
    run.state,
    moment(run.createdAt),
    duration(durationMs(run) / 1000),
    ...columns.map((field) => cellText(fieldValue(run, field), 24)),
  ]);
  const align = ["left", "left", "left", "left"] as const;
  const left = page.total - page.runs.length;
  const more = left > 0 ? `\n${grouped(left)} more; show them with --limit ${page.total}.` : "";
  const text = page.total === 0 ? "No run matches." : `${formatTable(head, rows, { align })}${more}`;
  printResult(effects, json, plainJson({ total: page.total, runs: page.runs }), text);
}

function orderOf(text: string) {
  const isDescending = text.startsWith("-");
  const direction = isDescending ? ("desc" as const) : ("asc" as const);
  return { field: parseRunField(isDescending ? text.slice(1) : text), direction };
}

/** What trainings are judged by, as far as any of these runs has it. */
function usualColumns(runs: readonly Run[]): readonly RunField[] {
  const usual: readonly RunField[] = [
    "summary.val_loss",
    "summary.val_accuracy",
    "summary.test_loss",
    "summary.test_accuracy",
    "tags",
  ];
  const has = (field: RunField) => runs.some((run) => !isEmpty(fieldValue(run, field)));
  return usual.filter(has);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
