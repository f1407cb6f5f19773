/** Five steps of every optimiser; where the numbers come from is said in test/reference/generate_nn.py. */
import { describe, expect, it } from "vitest";
import reference from "../../test/reference/optim.json" with { type: "json" };
import { wave } from "../../test/reference/wave.ts";
import { evaluateGraph } from "../executors/reference/evaluate.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { sizeOf } from "../graph/shape.ts";
import { adam } from "./adam.ts";
import { adamW } from "./adam-w.ts";
import { buildUpdates } from "./build-updates.ts";
import { parseGradientClip } from "./clip.ts";
import { muon } from "./muon.ts";
import { type OptimizerConfig, parseOptimizer } from "./optimizers.ts";
import { rmsprop } from "./rmsprop.ts";
import { sgd } from "./sgd.ts";
import { averageName, parseWeightAverage } from "./weight-average.ts";

interface Case {
  readonly name: string;
  readonly config: unknown;
  readonly clip?: unknown;
  readonly ema?: unknown;
  readonly shapes?: Readonly<Record<string, number[]>>;
  /** Weights (with `ema`, averages) after each step. */
  readonly history: readonly Readonly<Record<string, number[]>>[];
}

/** Runs the case's steps through the oracle; `float32` as the executors compute. */
function run(sample: Case, float32: boolean): Record<string, Float64Array>[] {
  const shapes: Readonly<Record<string, number[]>> = sample.shapes ?? reference.shapes;
  const optimizer = parseOptimizer(sample.config, "optimizer");
  const g = new GraphBuilder();
  const parameters = Object.entries(shapes).map(([name, shape]) => ({ name, shape }));
  const built = buildUpdates(g, optimizer, {
    parameters,
    gradients: new Map(parameters.map(({ name, shape }) => [name, g.input(`gradient of ${name}`, shape)])),
    learningRate: g.input("learningRate", []),
    step: g.input("step", []),
    ...(sample.clip !== undefined && { clip: parseGradientClip(sample.clip, "clip") }),
    ...(sample.ema !== undefined && { ema: parseWeightAverage(sample.ema, "ema") }),
  });
  let state: Record<string, Float64Array> = {};
  for (const [k, { name, shape }] of parameters.entries()) state[name] = wave(sizeOf(shape), k);
  for (const { name, shape, initial } of built.slots) {
    state[name] = new Float64Array(sizeOf(shape)).fill(initial);
  }
  const graph = g.finish();
  return sample.history.map((_, t) => {
    const inputs: Record<string, ArrayLike<number>> = {
      learningRate: [optimizer.learningRate * reference.rates[t]!],
      step: [t + 1],
    };
    for (const [k, { name, shape }] of parameters.entries()) {
      const values = wave(sizeOf(shape), 10 * (t + 1) + k);
      inputs[`gradient of ${name}`] = values.map((value) => value * reference.sizes[t]!);
    }
    const values = evaluateGraph(graph, { inputs, state, float32 });
    state = Object.fromEntries([...built.updates].map(([name, value]) => [name, values[value]!]));
    return state;
  });
}

function largestError(sample: Case, float32: boolean): number {
  let worst = 0;
  run(sample, float32).forEach((state, t) => {
    for (const [name, expected] of Object.entries(sample.history[t]!)) {
      const actual = state[sample.ema === undefined ? name : averageName(name)]!;
      expected.forEach((value, i) => {
        worst = Math.max(worst, Math.abs(actual[i]! - value));
      });
    }
  });
  return worst;
}

describe("five steps agree with the reference", () => {
  for (const sample of reference.optimizers as unknown as Case[]) {
    // The file has nine digits.
    it(`${sample.name} in float64`, () => {
      expect(largestError(sample, false)).toBeLessThan(6e-9);
    });
    it(`${sample.name} in float32`, () => {
      expect(largestError(sample, true)).toBeLessThan(sample.name.startsWith("muon") ? 4e-6 : 1e-6);
    });
  }
});

it("a weight average copies the weights until it is told to average", () => {
  const sample = {
    name: "late average",
    config: "sgd",
    ema: { decay: 0.5, copyUntil: 3 },
    history: reference.optimizers[0]!.history,
  };
  const [, , third, fourth] = run(sample as unknown as Case, false);
  expect(third!["ema/a/bias"]).toEqual(third!["a/bias"]);
  fourth!["ema/a/bias"]!.forEach((average, i) => {
    expect(average).toBeCloseTo((third!["a/bias"]![i]! + fourth!["a/bias"]![i]!) / 2, 12);
  });
});

describe("Adam's bias correction", () => {
  it.each([1, 2, 10, 1000, 1e5, 1e6])("is exact to float32 at step %i", (t) => {
    const g = new GraphBuilder();
    const { updates } = buildUpdates(g, adam({ epsilon: 1e-30 }), {
      parameters: [{ name: "w", shape: [1] }],
      gradients: new Map([["w", g.input("gradient", [1])]]),
      learningRate: g.input("learningRate", []),
      step: g.input("step", []),
    });
    // With m = v = 0 the step is lr·correction·(1 − β₁)g/√((1 − β₂)g²).
    const inputs = { gradient: [1], learningRate: [1], step: [t] };
    const state = { w: [0], "momentum/w": [0], "velocity/w": [0] };
    const values = evaluateGraph(g.finish(), { inputs, state });
    const correction = Math.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t);
    const expected = (-correction * 0.1) / Math.sqrt(0.001);
    expect(Math.abs(values[updates.get("w")!]![0]! / expected - 1)).toBeLessThan(5e-7);
  });
});

describe("buildUpdates", () => {
  const build = (optimizer: OptimizerConfig) => {
    const g = new GraphBuilder();
    const parameters = [
      { name: "a/kernel", shape: [2, 3] },
      { name: "a/moving_moments", shape: [2, 3], trainable: false },
      { name: "b/kernel", shape: [3, 2] },
      { name: "b/bias", shape: [2] },
    ];
    const gradients = new Map(
      parameters
        .filter(({ trainable }) => trainable !== false)
        .map(({ name, shape }) => [name, g.input(name, shape)]),
    );
    const learningRate = g.input("learningRate", []);
    return buildUpdates(g, optimizer, { parameters, gradients, learningRate, step: g.input("step", []) });
  };
  it("keeps the slots each optimiser needs, of trainable parameters", () => {
    const names = (optimizer: OptimizerConfig) => build(optimizer).slots.map(({ name }) => name);
    expect(names(sgd())).toEqual([]);
    expect(names(rmsprop())).toEqual(["velocity/a/kernel", "velocity/b/kernel", "velocity/b/bias"]);
    expect(names(muon())).toEqual([
      "momentum/a/kernel",
      "momentum/b/kernel",
      "velocity/b/kernel",
      "momentum/b/bias",
      "velocity/b/bias",
    ]);
    expect([...build(adam()).updates.keys()]).not.toContain("a/moving_moments");
  });
  it("refuses a missing gradient as a bug", () => {
    const g = new GraphBuilder();
    const scalar = g.constant(1);
    const parameters = [{ name: "w", shape: [2] }];
    expect(() =>
      buildUpdates(g, sgd(), { parameters, gradients: new Map(), learningRate: scalar, step: scalar }),
    ).toThrow('internal: buildUpdates: expected a gradient of shape [2] for "w".');
  });
});

describe("parseOptimizer", () => {
  it("reads what recipes say into what the factories return", () => {
    expect(parseOptimizer("adam", "optimizer")).toEqual(adam());
    expect(parseOptimizer({ type: "adamW", weightDecay: 0.02 }, "optimizer")).toEqual(
      adamW({ weightDecay: 0.02 }),
    );
    expect(sgd({ momentum: 0.9 })).toEqual({
      type: "sgd",
      learningRate: 0.01,
      momentum: 0.9,
      nesterov: false,
    });
  });
  it.each<[unknown, string]>([
    ["adamw", 'optimizer: unknown optimizer type "adamw". Did you mean "adamW"?'],
    [
      { type: "adam", learning_rate: 1 },
      'optimizer (adam): unknown option "learning_rate". Did you mean "learningRate"?',
    ],
    [{ type: "sgd", learningRate: 0 }, "optimizer (sgd): expected learningRate to be a number > 0, got 0."],
    [undefined, 'optimizer: expected an optimizer with a "type", got undefined.'],
  ])("refuses %j", (value, message) => {
    expect(() => parseOptimizer(value, "optimizer")).toThrow(message);
  });
  it("wants one kind of clipping", () => {
    expect(parseGradientClip({ value: 1 }, "clip")).toEqual({ value: 1 });
    expect(() => parseGradientClip({ value: 1, globalNorm: 1 }, "clip")).toThrow(
      'clip: expected either globalNorm or value, got {"value":1,"globalNorm":1}.',
    );
  });
});
