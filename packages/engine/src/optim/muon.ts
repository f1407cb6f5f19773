import type { GraphBuilder, Value } from "../graph/builder.ts";
import { sizeOf } from "../graph/shape.ts";
import { realNumber, wholeNumber, withDefault } from "../nn/fields.ts";
import { adamStep } from "./adam.ts";
import { decayed, makeOptimizer, moveTowards, type OptimizerRule, type UpdateContext } from "./optimizer.ts";

export interface Muon {
  readonly type: "muon";
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly newtonSchulzSteps: number;
  readonly adamRatio: number;
}

export interface MuonOptions {
  /** Default 0.02, Jordan's; the size of an update does not depend on that of the gradient. */
  readonly learningRate?: number;
  /** μ, default 0.95. */
  readonly momentum?: number;
  /** Decoupled, of every trainable parameter; default 0.01. */
  readonly weightDecay?: number;
  /** Default 5. */
  readonly newtonSchulzSteps?: number;
  /** Adam's rate for the other parameters as a fraction of learningRate, default 0.1 as in Keras. */
  readonly adamRatio?: number;
}

/**
 * Muon (Jordan et al. 2024): hidden kernels move along their orthogonalised Nesterov momentum,
 * b ← μb + (1 − μ)g; O = NS((1 − μ)g + μb); w ← w − lr·weightDecay·w − lr·√max(1, out/in)·O, where NS is the
 * quintic Newton–Schulz iteration. Filters [kH, kW, C, F] count as matrices in = kH·kW·C by out = F. Biases,
 * normalisations and the last kernel (the classifier) take Adam with β 0.9/0.999 at learningRate·adamRatio.
 * The same numbers as `torch.optim.Muon` (kernels there are [out, in]) except that products here are float32.
 */
export function muon(options: MuonOptions = {}): Muon {
  return makeOptimizer("muon", muonRule, options);
}

const adamMoments = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

export const muonRule: OptimizerRule<Muon> = {
  fields: {
    learningRate: withDefault(realNumber({ above: 0 }), 0.02),
    momentum: withDefault(realNumber({ min: 0, below: 1 }), 0.95),
    weightDecay: withDefault(realNumber({ min: 0 }), 0.01),
    newtonSchulzSteps: withDefault(wholeNumber(1), 5),
    adamRatio: withDefault(realNumber({ above: 0 }), 0.1),
  },
  update: (context, optimizer) => {
    const { builder, parameter, isLastKernel, learningRate } = context;
    const isHiddenKernel = parameter.shape.length >= 2 && !isLastKernel;
    const rate = isHiddenKernel ? learningRate : builder.scale(learningRate, optimizer.adamRatio);
    const kept = decayed({ ...context, learningRate: rate }, optimizer.weightDecay);
    return builder.sub(
      kept,
      isHiddenKernel ? muonStep(context, optimizer) : adamStep(context, adamMoments, rate),
    );
  },
};

/** What Muon takes off a hidden kernel. */
function muonStep(context: UpdateContext, { momentum, newtonSchulzSteps }: Muon): Value {
  const { builder, parameter, gradient, learningRate, slot } = context;
  const columns = parameter.shape.at(-1)!;
  const rows = sizeOf(parameter.shape) / columns;
  const b = slot("momentum");
  const next = b.set(moveTowards(builder, b.value, gradient, 1 - momentum));
  const ahead = moveTowards(builder, gradient, next, momentum);
  const direction = orthogonalize(builder, builder.reshape(ahead, [rows, columns]), newtonSchulzSteps);
  const rate = builder.scale(learningRate, Math.sqrt(Math.max(1, columns / rows)));
  return builder.mul(builder.reshape(direction, parameter.shape), rate);
}

/** Jordan's coefficients of the quintic: steep at zero, within about [0.7, 1.2] near one. */
const [a, b, c] = [3.4445, -4.775, 2.0315];

/** x [m, n] scaled to norm 1 and its singular values driven towards 1: x ← ax + b(xxᵀ)x + c(xxᵀ)²x. */
function orthogonalize(builder: GraphBuilder, x: Value, steps: number): Value {
  const [m, n] = builder.shape(x) as [number, number];
  const tall = m > n; // the smaller Gram matrix: xᵀx for a tall x, multiplied from the right
  const norm = builder.maximum(builder.sqrt(builder.total(builder.square(x))), builder.constant(1e-7));
  let result = builder.div(x, norm);
  for (let step = 0; step < steps; step++) {
    const gram = builder.matmul(result, result, tall ? { transposeA: true } : { transposeB: true });
    const polynomial = builder.add(builder.scale(gram, b), builder.scale(builder.matmul(gram, gram), c));
    const product = tall ? builder.matmul(result, polynomial) : builder.matmul(polynomial, result);
    result = builder.add(builder.scale(result, a), product);
  }
  return result;
}
