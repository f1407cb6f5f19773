/** `atelier runs compare`: what differs between runs. */
import { fieldValue, type Json, type Run, type RunField, TrackerError } from "@atelier/tracker";
import type { Command } from "commander";
import { debugOption, jsonOption } from "../../arguments.ts";
import { type Effects, printResult } from "../../effects.ts";
import { grouped } from "../../terminal/numbers.ts";
import { cellText, plain } from "../../terminal/plain.ts";
import { formatTable } from "../../terminal/table.ts";
import { type AnswerComparison, compareAnswers } from "../../tracking/compare-answers.ts";
import { plainJson } from "../../tracking/plain-json.ts";
import { findRun, openRunStore } from "../../tracking/run-store.ts";

export function declareCompare(runs: Command, effects: Effects): void {
  runs
    .command("compare")
    .summary("config and summary of several runs, side by side")
    .description(
      "Shows what differs in the config of runs and in their summaries, side by side; of two runs also on which test images " +
        "they differ, and whether that is more than chance.",
    )
    .argument("<run...>", "two runs or more, by id or name")
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((names: readonly string[], options: { readonly json?: boolean }) =>
      compareRuns(names, options, effects),
    );
}

export async function compareRuns(
  names: readonly string[],
  { json }: { readonly json?: boolean },
  effects: Effects,
): Promise<void> {
  if (names.length < 2)
    throw new TrackerError("bad-argument", "compare: expected two runs or more, got one.");
  await using store = openRunStore(effects);
  const compared: Run[] = [];
  for (const name of names) compared.push(await findRun(store, name));
  const fields = new Set<RunField>();
  for (const { entity, project } of compared) {
    for (const { field } of await store.listFields({ entity, project })) fields.add(field);
  }
  const differing = [...fields].filter((field) => differs(compared, field));
  const part = (prefix: "config." | "summary.") => differing.filter((field) => field.startsWith(prefix));
  const rows = (prefix: "config." | "summary.") =>
    part(prefix).map((field) => [
      plain(field.slice(prefix.length)),
      ...compared.map((run) => cellText(fieldValue(run, field), 28)),
    ]);
  const table = (title: string, found: readonly (readonly string[])[]) =>
    found.length === 0 ? [] : [formatTable([title, ...compared.map((run) => plain(run.name, 28))], found)];
  const answers = compared.length === 2 ? await compareAnswers(store, compared[0]!.id, compared[1]!.id) : [];
  const tables = [
    ...table("config", rows("config.")),
    ...table("summary", rows("summary.")),
    ...answers.map((answer) => answerText(answer, compared)),
  ];
  const cells = (field: RunField) => compared.map((run) => fieldValue(run, field) ?? null);
  const result = {
    runs: compared.map(({ id, name }) => ({ id, name })),
    differences: Object.fromEntries(differing.map((field) => [field, cells(field)])),
    answers: answers.map(({ fixed, broken, ...rest }) => ({
      ...rest,
      fixed: [...fixed],
      broken: [...broken],
    })),
  };
  printResult(
    effects,
    json,
    plainJson(result),
    tables.length === 0 ? "Nothing differs." : tables.join("\n\n"),
  );
}

function answerText(answer: AnswerComparison, runs: readonly Run[]): string {
  const [first, second] = runs.map(({ name }) => plain(name, 28));
  const { imageCount, fixed, broken, bothRight, bothWrong, pValue } = answer;
  const percent = (share: number) => `${share > 0 ? "+" : ""}${(100 * share).toFixed(2)}`;
  const [low, high] = answer.interval.map(percent);
  const rows = [
    ["both right", grouped(bothRight)],
    [`only ${first}`, grouped(broken.length)],
    [`only ${second}`, grouped(fixed.length)],
    ["neither", grouped(bothWrong)],
    ["accuracy, points", `${percent(answer.accuracyDifference)} (95 %: ${low} to ${high})`],
    ["McNemar, exact", `p = ${pValue < 1e-4 ? pValue.toExponential(1) : pValue.toFixed(4)}`],
  ];
  return formatTable(
    [`${grouped(imageCount)} images of ${plain(`${answer.data} ${answer.part}`)}`, ""],
    rows,
  );
}

function differs(runs: readonly Run[], field: RunField): boolean {
  const texts = runs.map((run) => textOf(fieldValue(run, field)));
  return texts.some((text) => text !== texts[0]);
}

/** Equal for equal values: JSON alone would make null of NaN. */
function textOf(value: Json | undefined): string {
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "");
}
