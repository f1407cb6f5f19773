/** Trains a recipe for a few seconds and validates, then prints the process's peak resident size in bytes: see memory.ts. */
import { fit, openExecutor } from "@atelier/engine";
import { limitDataset, openDataset, splitValidation } from "@atelier/vision";
import { openConfiguration } from "./turns.ts";

const [recipe, threads, variant] = process.argv.slice(2) as [string, string, string];
const { train } = await openDataset("fashion-mnist");
const { model, rules } = await openConfiguration(recipe, train.classNames.length);
const executor = openExecutor({ kind: "native", threads: Number(threads), variant });
const split = splitValidation(train, { seed: 1 });
const options = { ...rules, executor, validation: limitDataset(split.validation, 1000, 1), epochs: 1 };
// The whole data set is resident; a first, short training reaches validation too.
const short = fit(model, limitDataset(split.train, 4 * (rules.batchSize ?? 1), 1), options);
for await (const _ of short) short.close();
const whole = fit(model, split.train, { ...options, signal: AbortSignal.timeout(3000) });
for await (const _ of whole);
whole.close();
console.log(process.resourceUsage().maxRSS * 1024);
