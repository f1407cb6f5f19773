/** What the native executor will run for a model, for people who want to see the plan, and how long its calls take. */
import type { Executor, SessionSpec } from "../executors/executor.ts";
import { freeze } from "../executors/native/freeze.ts";
import { sizeOf } from "../graph/shape.ts";
import { crossEntropy } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";
import { adam } from "../optim/adam.ts";
import { type CallDescription, describeProgram } from "../plan/describe-program.ts";
import { panelStates } from "../plan/panels.ts";
import { planGraph } from "../plan/plan.ts";
import { StateLayout } from "../plan/state-layout.ts";
import type { AugmentationSpec } from "./augmentation.ts";
import type { ImageDataset } from "./dataset.ts";
import type { FitRules } from "./fit-options.ts";
import { pixelScaleOf } from "./pixel-scale.ts";
import { evaluateGraph, initialWeights, trainGraph, trainingState } from "./step-graphs.ts";

export interface StepPlan {
  readonly calls: readonly CallDescription[];
  /** Scratch that the step's values share. */
  readonly arenaBytes: number;
  /** Weights, optimiser slots, moving statistics and constants. */
  readonly stateBytes: number;
}

/** Which step of a model, and on how many images. */
export interface StepChoice {
  readonly purpose: "train" | "evaluate";
  readonly batchSize: number;
  readonly rules?: FitRules;
}

/** The plan of one step, as `executor` would run it. */
export function planStep(model: Model, choice: StepChoice, executor: Executor): StepPlan {
  const spec = stepOf(model, choice);
  const { state, graphs, pixelScale } = spec.fixedState ? freeze(spec) : spec;
  const layout = new StateLayout(state, panelStates(state, Object.values(graphs)));
  const program = planGraph(graphs.step!, layout, { matrixUnit: executor.matrixUnit, pixelScale });
  return {
    calls: describeProgram(program),
    arenaBytes: program.arenaFloats * 4,
    stateBytes: layout.floats * 4,
  };
}

export interface StepTimes {
  /** Mean seconds of a whole step. */
  readonly step: number;
  /** Of that, picking, augmenting and normalising the images. */
  readonly gather: number;
  /** Of that, each call of the plan. */
  readonly calls: readonly number[];
}

/** Runs the step again and again for about `seconds` on images of noise; `executor` must be native. */
export async function measureStep(
  model: Model,
  choice: StepChoice,
  executor: Executor,
  seconds: number,
): Promise<StepTimes> {
  const session = executor.compile(stepOf(model, choice));
  const augmentation = augmentationOf(choice);
  try {
    const images = 4 * choice.batchSize;
    session.upload("noise", noise(model, images));
    const run = (steps: number) =>
      session.run({
        dataset: "noise",
        order: Int32Array.from({ length: steps * choice.batchSize }, (_, i) => i % images),
        graph: "step",
        normalization: model.normalization,
        ...(augmentation && { augmentation }),
        scalarNames,
        scalars: Float32Array.from(Array.from({ length: steps }, (_, i) => [1e-4, i + 1, 1]).flat()),
        seed: 1,
        firstStep: 0,
        epochIndex: 0,
        outputs: ["lossSum"],
        measure: true,
      });
    const trial = await run(2);
    const steps = Math.max(3, Math.round((seconds * 2) / trial.seconds));
    const { callSeconds = [], seconds: total } = await run(steps);
    const [gather = 0, ...calls] = callSeconds.map((sum) => sum / steps);
    return { step: total / steps, gather, calls };
  } finally {
    session.close();
  }
}

const scalarNames = ["learningRate", "step", "mixupWeight"];

/** Images are augmented only in training. */
function augmentationOf({ purpose, rules }: StepChoice): AugmentationSpec | undefined {
  return purpose === "train" ? rules?.augmentation : undefined;
}

function stepOf(model: Model, choice: StepChoice): SessionSpec {
  const { purpose, batchSize, rules = {} } = choice;
  const { optimizer = adam(), loss = crossEntropy(), clip, ema } = rules;
  const weights = initialWeights(model, 1);
  const pixelScale = pixelScaleOf(model.normalization, augmentationOf(choice));
  if (purpose === "evaluate") {
    const graphs = { step: evaluateGraph(model, batchSize) };
    return { graphs, state: trainingState(model, weights, []), fixedState: true, pixelScale };
  }
  const { graph, slots } = trainGraph(model, batchSize, { optimizer, loss, clip, ema });
  return { graphs: { step: graph }, state: trainingState(model, weights, slots), pixelScale };
}

function noise(model: Model, size: number): ImageDataset {
  const images = new Uint8Array(size * sizeOf(model.input));
  for (let i = 0, word = 1; i < images.length; i++) {
    word = (Math.imul(word, 1664525) + 1013904223) | 0;
    images[i] = word >>> 24;
  }
  return {
    name: "noise",
    size,
    shape: model.input,
    images,
    labels: Uint8Array.from({ length: size }, (_, i) => i % model.classes),
    classNames: Array.from({ length: model.classes }, (_, i) => `${i}`),
    checksum: "",
  };
}
