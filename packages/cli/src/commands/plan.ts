/** `atelier plan`: what the engine runs for a recipe, kernel by kernel, without running it. */
import { planStep, type StepPlan } from "@atelier/engine";
import { type Command, Option } from "commander";
import { dataOption, debugOption, jsonOption, setOption, wholeNumberOf } from "../arguments.ts";
import { classesOf } from "../data/classes-of.ts";
import { type Effects, printResult } from "../effects.ts";
import { loadRecipe } from "../recipe/load-recipe.ts";
import { fitRulesOf, modelOf } from "../recipe/recipe-model.ts";
import type { Setting } from "../recipe/settings.ts";
import { grouped } from "../terminal/numbers.ts";
import { formatTable } from "../terminal/table.ts";

export interface PlanOptions {
  readonly recipe: string;
  readonly set?: readonly Setting[];
  readonly data?: string;
  /** Images a step; default the recipe's batch size. */
  readonly batch?: number;
  /** The plan of evaluation instead of training. */
  readonly evaluate?: boolean;
  readonly json?: boolean;
}

export function declarePlan(program: Command, effects: Effects): void {
  program
    .command("plan")
    .summary("show the program of kernels that a recipe's step becomes")
    .description(
      "Shows what one step of a recipe runs natively: kernels in order with their shapes and fusions, arithmetic, memory " +
        "traffic, and the memory that the step holds. Nothing is run.",
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
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((recipe: string, options: Omit<PlanOptions, "recipe">) => plan({ ...options, recipe }, effects));
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
  const step = planStep(model, purpose, batch, fitRulesOf(recipe));
  printResult(effects, options.json, { recipe: recipe.name, purpose, batch, ...step }, textOf(step, batch));
}

/** The kernels as a table, then the totals. */
function textOf({ calls, arenaBytes, stateBytes }: StepPlan, batch: number): string {
  const total = (read: (call: StepPlan["calls"][number]) => number) =>
    calls.reduce((sum, call) => sum + read(call), 0);
  const table = formatTable(
    ["kernel", "MFLOP", "MB", "works on"],
    calls.map(({ kernel, what, flops, bytes }) => [kernel, millions(flops), millions(bytes), what]),
    { align: ["left", "right", "right", "left"] },
  );
  const flops = total((call) => call.flops);
  return `${table}

${calls.length} calls, ${millions(flops)} MFLOP a step of ${batch} images (${millions(flops / batch)} an image), ${millions(total((call) => call.bytes))} MB of traffic
arena ${millions(arenaBytes)} MB, state ${millions(stateBytes)} MB`;
}

/** 1234567 → "1.23"; thousands of millions are grouped. */
function millions(value: number): string {
  const inMillions = value / 1e6;
  return inMillions < 1000 ? inMillions.toFixed(2) : grouped(Math.round(inMillions));
}
