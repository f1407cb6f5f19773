/** One step of an optimiser over all parameters, as graph. */
import { AtelierError } from "../error.ts";
import type { GraphBuilder, Value } from "../graph/builder.ts";
import { type Shape, sameShape } from "../graph/shape.ts";
import { clipGradients, type GradientClip } from "./clip.ts";
import type { OptimizerRule, TrainedParameter } from "./optimizer.ts";
import { type OptimizerConfig, optimizerRules } from "./optimizers.ts";
import { averageName, buildAverage, type WeightAverage } from "./weight-average.ts";

export interface UpdatesOptions {
  /** In the model's order; those with `trainable: false` are passed over. */
  readonly parameters: readonly (TrainedParameter & { readonly trainable?: boolean })[];
  /** ∂loss/∂parameter by name, for every trainable parameter. */
  readonly gradients: ReadonlyMap<string, Value>;
  /** Scalar input: this step's rate (the optimiser's own learningRate is the peak its schedule starts from). */
  readonly learningRate: Value;
  /** Scalar input: the number t of this step, from 1. */
  readonly step: Value;
  readonly clip?: GradientClip;
  readonly ema?: WeightAverage;
}

export interface Updates {
  /** By state name: parameters, slots and averages after the step. */
  readonly updates: ReadonlyMap<string, Value>;
  /** State beside the parameters that a session has to keep. */
  readonly slots: readonly SlotSpec[];
}

export interface SlotSpec {
  /** `momentum/layer/kernel`, `ema/layer/kernel` … */
  readonly name: string;
  readonly shape: Shape;
  /** Fills it before the first step. */
  readonly initial: number;
}

/**
 * Adds to the graph what `optimizer` makes of every trainable parameter: clip the gradients, decay, step, then
 * average. In the order of Keras. Throws internal when a gradient is missing or has another shape.
 */
export function buildUpdates(
  builder: GraphBuilder,
  optimizer: OptimizerConfig,
  options: UpdatesOptions,
): Updates {
  const { learningRate, step, clip, ema } = options;
  const parameters = options.parameters.filter((parameter) => parameter.trainable !== false);
  const gradients = clip ? clipGradients(builder, options.gradients, clip) : options.gradients;
  const lastKernel = parameters.findLast(({ shape }) => shape.length >= 2);
  const updates = new Map<string, Value>();
  const slots: SlotSpec[] = [];
  const keep = (name: string, shape: Shape): Value => {
    slots.push({ name, shape, initial: 0 });
    return builder.state(name, shape);
  };
  const rule = optimizerRules[optimizer.type] as unknown as OptimizerRule<OptimizerConfig>;
  for (const parameter of parameters) {
    const { name, shape } = parameter;
    const gradient = gradients.get(name);
    if (gradient === undefined || !sameShape(builder.shape(gradient), shape)) {
      throw new AtelierError(
        "internal",
        `buildUpdates: expected a gradient of shape [${shape}] for "${name}".`,
      );
    }
    const next = rule.update(
      {
        builder,
        parameter,
        isLastKernel: parameter === lastKernel,
        weights: builder.state(name, shape),
        gradient,
        learningRate,
        step,
        slot: (kind) => {
          const slotName = `${kind}/${name}`;
          return {
            value: keep(slotName, shape),
            set: (value) => {
              updates.set(slotName, value);
              return value;
            },
          };
        },
      },
      optimizer,
    );
    updates.set(name, next);
    if (ema) {
      const average = keep(averageName(name), shape);
      updates.set(averageName(name), buildAverage(builder, average, next, step, ema));
    }
  }
  return { updates, slots };
}
