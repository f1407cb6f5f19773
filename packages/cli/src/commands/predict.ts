/** `atelier predict`: what a model sees in images. */
import { resolve } from "node:path";
import { AtelierError, evaluate, type ImageDataset, type TrainedModel } from "@atelier/engine";
import { loadImage } from "@atelier/vision";
import type { Command } from "commander";
import { debugOption, executorOptions, jsonOption, strictOption } from "../arguments.ts";
import { type Effects, printResult, say } from "../effects.ts";
import { plural } from "../terminal/numbers.ts";
import { formatTable } from "../terminal/table.ts";
import { modelArgument, openModel } from "../tracking/open-model.ts";
import { chooseExecutor, type ExecutorChoice } from "../training/choose-executor.ts";

export interface PredictOptions extends ExecutorChoice {
  readonly model: string;
  readonly images: readonly string[];
  readonly strict?: boolean;
  readonly json?: boolean;
}

export function declarePredict(program: Command, effects: Effects): void {
  const command = program
    .command("predict")
    .summary("classify images")
    .description(
      "Classifies images of any size: the three most probable classes of each. An image that cannot be read is named " +
        "and skipped.",
    )
    .argument("<model|run>", modelArgument)
    .argument("<image...>", "PNG, JPEG or WebP files")
    .addOption(strictOption());
  for (const option of executorOptions()) command.addOption(option);
  command
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((model: string, images: readonly string[], options: Omit<PredictOptions, "model" | "images">) =>
      predict({ ...options, model, images }, effects),
    );
}

const shownClasses = 3;

interface ReadImage {
  readonly path: string;
  readonly pixels: Uint8Array;
}

export async function predict(options: PredictOptions, effects: Effects): Promise<void> {
  const { trained } = (await openModel(options.model, effects)).file;
  const skipped: { readonly image: string; readonly reason: string }[] = [];
  const read: ReadImage[] = [];
  const [height, width, channels] = trained.model.input;
  for (const path of options.images) {
    try {
      const pixels = await loadImage(resolve(effects.folder, path), { height, width, channels });
      read.push({ path, pixels });
    } catch (error) {
      if (options.strict || !(error instanceof AtelierError) || error.code !== "bad-file") throw error;
      say(effects, `skipped ${error.message}`);
      skipped.push({ image: path, reason: error.message });
    }
  }
  if (read.length === 0) {
    throw new AtelierError("bad-file", `no image could be read, of ${options.images.length} given.`);
  }
  if (skipped.length > 0) say(effects, `${plural(skipped.length, "image")} skipped.`);
  const { probabilities } = await evaluate(trained, datasetOf(read, trained), {
    executor: chooseExecutor(options, effects),
    signal: effects.signal,
  });
  const classes = trained.classNames.length;
  const predictions = read.map(({ path }, row) => {
    const own = [...probabilities.subarray(row * classes, (row + 1) * classes)];
    return { image: path, top: topClasses(own, trained.classNames), probabilities: own };
  });
  const rows = predictions.map(({ image, top }) => [
    image,
    ...top.map(({ className, probability }) => `${className} ${(100 * probability).toFixed(1)} %`),
  ]);
  const head = ["image", "first", "second", "third"].slice(0, 1 + Math.min(shownClasses, classes));
  const text = formatTable(head, rows, { align: head.map(() => "left") });
  printResult(effects, options.json, { predictions, skipped }, text);
}

function topClasses(probabilities: readonly number[], classNames: readonly string[]) {
  return probabilities
    .map((probability, index) => ({ class: index, className: classNames[index]!, probability }))
    .sort((a, b) => b.probability - a.probability || a.class - b.class)
    .slice(0, shownClasses);
}

/** Images without known labels, as a data set whose labels nobody looks at. */
function datasetOf(read: readonly ReadImage[], { model, classNames }: TrainedModel): ImageDataset {
  return {
    name: "images",
    size: read.length,
    shape: model.input,
    images: new Uint8Array(Buffer.concat(read.map(({ pixels }) => pixels))),
    labels: new Uint8Array(read.length),
    classNames,
    checksum: "",
  };
}
