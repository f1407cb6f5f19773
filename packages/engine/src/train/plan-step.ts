/** What the native executor will run for a model, without running it: for people who want to see the plan. */
import { crossEntropy } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";
import { adam } from "../optim/adam.ts";
import { type CallDescription, describeProgram } from "../plan/describe-program.ts";
import { planGraph } from "../plan/plan.ts";
import { StateLayout } from "../plan/state-layout.ts";
import type { FitRules } from "./fit-options.ts";
import { evaluateGraph, trainGraph } from "./step-graphs.ts";

export interface StepPlan {
  readonly calls: readonly CallDescription[];
  /** Scratch that the step's values share. */
  readonly arenaBytes: number;
  /** Weights, optimiser slots, moving statistics and constants. */
  readonly stateBytes: number;
}

/** The plan of one training step, or of one evaluation step, on `batch` images. */
export function planStep(
  model: Model,
  purpose: "train" | "evaluate",
  batch: number,
  rules: FitRules = {},
): StepPlan {
  const { optimizer = adam(), loss = crossEntropy(), clip, ema } = rules;
  const training = purpose === "train" ? trainGraph(model, batch, { optimizer, loss, clip, ema }) : undefined;
  const graph = training?.graph ?? evaluateGraph(model, batch);
  const layout = new StateLayout([...model.parameters, ...(training?.slots ?? [])]);
  const program = planGraph(graph, layout);
  return {
    calls: describeProgram(program),
    arenaBytes: program.arenaFloats * 4,
    stateBytes: layout.floats * 4,
  };
}
