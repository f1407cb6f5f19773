/** What a second thread brings, and how cost grows with batches and widths: our side alone, turns alternating. */
import { type Executor, planStep } from "@atelier/engine";
import type { Part, Workbench } from "./part.ts";
import { median, rounded, table } from "./statistics.ts";
import { type Configuration, openConfiguration, openTurns } from "./turns.ts";

/** Images a second on one thread and on all. */
export async function measureThreads(bench: Workbench): Promise<Part> {
  const { recipes, train, executor, open, rounds, seconds, report } = bench;
  const rows = [];
  for (const name of recipes) {
    const configuration = await openConfiguration(name, train.classNames.length);
    const one = await openTurns(configuration, train, open({ threads: 1 }), seconds / 2);
    const all = await openTurns(configuration, train, executor, seconds / 2);
    const rates = { one: [] as number[], all: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      rates.one.push(await one.next());
      rates.all.push(await all.next());
    }
    one.close();
    all.close();
    rows.push({ recipe: configuration.recipe, batchSize: configuration.batchSize, ...rates });
    report(`  ${name}: ${(median(rates.all) / median(rates.one)).toFixed(2)}×`);
  }
  const text = table(
    ["recipe", "batch", "1 thread", `${executor.threads} threads`, "ratio"],
    rows.map(({ recipe, batchSize, one, all }) => [
      recipe,
      String(batchSize),
      rounded(median(one)),
      rounded(median(all)),
      `${(median(all) / median(one)).toFixed(2)}×`,
    ]),
  );
  return { numbers: rows, text: `Training, images a second.\n\n${text}` };
}

const grown = [
  ...[16, 64, 256, 512].map((batch) => ({
    recipe: `cnn-small@${batch}`,
    what: `batch ${batch}`,
    settings: [],
  })),
  ...[256, 1024, 4096].map((units) => ({
    recipe: "mlp-1024",
    what: `${units} hidden units`,
    settings: [{ path: ["layers", "0", "units"], value: units }],
  })),
];

/** Time and arithmetic rate of a training step as the batch or a layer grows. */
export async function measureGrowth(bench: Workbench): Promise<Part> {
  const { train, executor, rounds, seconds, report } = bench;
  const rows = [];
  for (const { recipe, what, settings } of grown) {
    const configuration = await openConfiguration(recipe, train.classNames.length, settings);
    const turns = await openTurns(configuration, train, executor, seconds / 2);
    const rates = [];
    for (let round = 0; round < rounds; round++) rates.push(await turns.next());
    turns.close();
    const stepSeconds = configuration.batchSize / median(rates);
    rows.push({
      recipe: configuration.recipe,
      what,
      rates,
      stepSeconds,
      flops: flopsOf(configuration, executor),
    });
    report(`  ${configuration.recipe}, ${what}: ${rounded(median(rates))} images/s`);
  }
  const text = table(
    ["recipe", "", "images a second", "ms a step", "GFLOP/s"],
    rows.map(({ recipe, what, rates, stepSeconds, flops }) => [
      recipe,
      what,
      rounded(median(rates)),
      rounded(stepSeconds * 1e3),
      rounded(flops / stepSeconds / 1e9),
    ]),
  );
  return { numbers: rows, text: `Training steps; arithmetic as \`atelier plan\` counts it.\n\n${text}` };
}

function flopsOf({ model, rules, batchSize }: Configuration, executor: Executor): number {
  const { calls } = planStep(model, { purpose: "train", batchSize, rules }, executor);
  return calls.reduce((total, call) => total + call.flops, 0);
}
