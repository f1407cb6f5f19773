/** `atelier runs compare`: what differs between runs. */
import { compareSettings, type Run, type Setting, TrackerError } from "@atelier/tracker";
import type { Command } from "commander";
import { debugOption, jsonOption } from "../../arguments.ts";
import { type Effects, printResult } from "../../effects.ts";
import { grouped } from "../../terminal/numbers.ts";
import { cellText, plain, settingName } from "../../terminal/plain.ts";
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
  const settings = compareSettings(compared.map(({ config }) => config)).filter(({ isEqual }) => !isEqual);
  const results = compareSettings(compared.map(({ summary }) => summary)).filter(({ isEqual }) => !isEqual);
  const rows = (found: readonly Setting[]) =>
    found.map((setting) => [
      plain(settingName(setting)),
      ...setting.values.map((value) => cellText(value, 28)),
    ]);
  const table = (title: string, found: readonly (readonly string[])[]) =>
    found.length === 0 ? [] : [formatTable([title, ...compared.map((run) => plain(run.name, 28))], found)];
  const answers = compared.length === 2 ? await compareAnswers(store, compared[0]!.id, compared[1]!.id) : [];
  const tables = [
    ...table("config", rows(settings)),
    ...table("summary", rows(results)),
    ...answers.map((answer) => answerText(answer, compared)),
  ];
  const differences = (prefix: string, found: readonly Setting[]) =>
    found.map(({ path, values }) => [`${prefix}.${path}`, values.map((value) => value ?? null)]);
  const result = {
    runs: compared.map(({ id, name }) => ({ id, name })),
    differences: Object.fromEntries([...differences("config", settings), ...differences("summary", results)]),
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
