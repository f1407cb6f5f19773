/** `atelier plan`: what the engine runs for a recipe, kernel by kernel, and how long it takes. */
import { measureStep, planStep, type StepPlan, type StepTimes } from "@atelier/engine";
import { type Command, Option } from "commander";
import {
  dataOption,
  debugOption,
  executorOptions,
  jsonOption,
  setOption,
  wholeNumberOf,
} from "../arguments.ts";
import { classesOf } from "../data/classes-of.ts";
import { type Effects, printResult } from "../effects.ts";
import { loadRecipe } from "../recipe/load-recipe.ts";
import { fitRulesOf, modelOf } from "../recipe/recipe-model.ts";
import type { Setting } from "../recipe/settings.ts";
import { grouped } from "../terminal/numbers.ts";
import { formatTable } from "../terminal/table.ts";
import { chooseExecutor, type ExecutorChoice } from "../training/choose-executor.ts";

export interface PlanOptions extends ExecutorChoice {
  readonly recipe: string;
  readonly set?: readonly Setting[];
  readonly data?: string;
  /** Images a step; default the recipe's batch size. */
  readonly batch?: number;
  /** The plan of evaluation instead of training. */
  readonly evaluate?: boolean;
  /** Whether to run the step for a moment and time its calls. */
  readonly measure?: boolean;
  readonly json?: boolean;
}

export function declarePlan(program: Command, effects: Effects): void {
  const command = program
    .command("plan")
    .summary("show the program of kernels that a recipe's step becomes")
    .description(
      "Shows what one step of a recipe runs natively: kernels in order with their shapes and fusions, arithmetic, memory " +
        "traffic, and the memory that the step holds. Nothing is run, unless --measure asks for the time of each.",
    )
    .argument("<recipe|file.yaml>", "a recipe by name, or a file of your own")
    .addOption(setOption())
    .addOption(dataOption("data set whose number of classes counts (default: the recipe's)"))
    .addOption(
      new Option("--batch <n>", "images a step (default: the recipe's batch size)").argParser(
        wholeNumberOf("--batch", 1),
      ),
    )
    .addOption(new Option("--evaluate", "the step of evaluation instead of training"))
    .addOption(new Option("--measure", "run the step for a second or two and show what each kernel takes"))
    .addOption(jsonOption())
    .addOption(debugOption());
  for (const option of executorOptions()) command.addOption(option);
  command.action((recipe: string, options: Omit<PlanOptions, "recipe">) =>
    plan({ ...options, recipe }, effects),
  );
}

export async function plan(options: PlanOptions, effects: Effects): Promise<void> {
  const settings = [
    ...(options.set ?? []),
    ...(options.data === undefined ? [] : [{ path: ["data"], value: options.data }]),
  ];
  const recipe = await loadRecipe(options.recipe, settings, effects.folder);
  const model = modelOf(recipe, await classesOf(recipe.data, effects));
  const batch = options.batch ?? recipe.batchSize;
  const purpose = options.evaluate ? "evaluate" : "train";
  const choice = { purpose, batchSize: batch, rules: fitRulesOf(recipe) } as const;
  const executor = chooseExecutor(options.measure ? { ...options, executor: "native" } : options, effects);
  const step = planStep(model, choice, executor);
  const times = options.measure ? await measureStep(model, choice, executor, 1.5) : undefined;
  const result = { recipe: recipe.name, purpose, batch, ...step, ...(times && { seconds: times }) };
  printResult(effects, options.json, result, textOf(step, batch, times));
}

/** The kernels as a table, then the totals. */
function textOf({ calls, arenaBytes, stateBytes }: StepPlan, batch: number, times?: StepTimes): string {
  const total = (read: (call: StepPlan["calls"][number]) => number) =>
    calls.reduce((sum, call) => sum + read(call), 0);
  const table = formatTable(
    ["kernel", "MFLOP", "MB", ...(times ? ["ms", "GFLOP/s", "GB/s"] : []), "works on"],
    calls.map(({ kernel, what, flops, bytes }, i) => [
      kernel,
      millions(flops),
      millions(bytes),
      ...(times ? timeCells(times.calls[i]!, flops, bytes) : []),
      what,
    ]),
    { align: ["left", ...new Array(times ? 5 : 2).fill("right"), "left"] },
  );
  const flops = total((call) => call.flops);
  return `${table}

${calls.length} calls, ${millions(flops)} MFLOP a step of ${batch} images (${millions(flops / batch)} an image), ${millions(total((call) => call.bytes))} MB of traffic
arena ${millions(arenaBytes)} MB, state ${millions(stateBytes)} MB${times ? `\n${measured(times, batch)}` : ""}`;
}

function timeCells(seconds: number, flops: number, bytes: number): string[] {
  const rate = (amount: number) => (seconds > 0 ? (amount / seconds / 1e9).toFixed(1) : "");
  return [(seconds * 1e3).toFixed(3), rate(flops), rate(bytes)];
}

function measured({ step, gather }: StepTimes, batch: number): string {
  const rate = grouped(Math.round(batch / step));
  return `${(step * 1e3).toFixed(3)} ms a step, of which ${(gather * 1e3).toFixed(3)} ms gathering: ${rate} images/s`;
}

/** 1234567 → "1.23"; thousands of millions are grouped. */
function millions(value: number): string {
  const inMillions = value / 1e6;
  return inMillions < 1000 ? inMillions.toFixed(2) : grouped(Math.round(inMillions));
}
