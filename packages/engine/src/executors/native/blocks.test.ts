/** Convolutional blocks that are one kernel, of narrow networks and the first of wide ones: against float64. */
import { loadKernels } from "@atelier/kernels";
import { describe, expect, it } from "vitest";
import { runGraph, stepGraph } from "../../../test/run-graph.ts";
import { gradients } from "../../autodiff/gradient.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { sizeOf } from "../../graph/shape.ts";
import { vectorUnits } from "../../plan/convolution.ts";
import { planGraph } from "../../plan/plan.ts";
import { StateLayout } from "../../plan/state-layout.ts";
import { uniform, wordOf } from "../../random/philox.ts";
import { evaluateGraph } from "../reference/evaluate.ts";
import { openNativeExecutor } from "./native-executor.ts";

interface Stage {
  readonly filters: number;
  /** Default 3×3. */
  readonly window?: readonly [height: number, width: number];
  readonly bias?: boolean;
  /** Window, and "same" padding where the image is no multiple of it. */
  readonly pool?: readonly [height: number, width: number, padding: "same" | "valid"];
  readonly dropout?: number;
}

interface Case {
  readonly name: string;
  /** Default conv2dBlock. */
  readonly kernel?: "conv2dPool";
  readonly images: readonly [N: number, H: number, W: number, C: number];
  readonly stages: readonly Stage[];
  /** Whether ∂L/∂images is wanted too. */
  readonly inputGradient?: boolean;
}

const cases: readonly Case[] = [
  {
    name: "two blocks as in cnn-3",
    images: [32, 12, 10, 1],
    stages: [
      { filters: 8, bias: true, pool: [2, 2, "same"], dropout: 0.25 },
      { filters: 16, bias: true, pool: [2, 2, "same"], dropout: 0.4 },
    ],
  },
  {
    name: "odd extents, lanes without an image, windows over the border",
    images: [29, 7, 5, 3],
    stages: [
      { filters: 6, pool: [2, 3, "same"] },
      { filters: 5, bias: true },
    ],
    inputGradient: true,
  },
  {
    name: "images of one row, windows that leave a column out, blocks of 32 random words that images share",
    images: [16, 1, 11, 2],
    stages: [{ filters: 8, bias: true, pool: [1, 2, "valid"], dropout: 0.5 }],
    inputGradient: true,
  },
  {
    name: "one column, three stages without pooling",
    images: [48, 9, 1, 1],
    stages: [{ filters: 3, bias: true }, { filters: 7 }, { filters: 4, bias: true, pool: [3, 1, "valid"] }],
  },
  {
    name: "from 16 channels, as in cnn-3, over odd extents",
    images: [45, 7, 9, 16],
    stages: [
      { filters: 32, bias: true, pool: [2, 2, "same"], dropout: 0.25 },
      { filters: 16 },
      { filters: 16, bias: true, pool: [3, 2, "valid"] },
    ],
    inputGradient: true,
  },
  {
    name: "from 8 channels and to 8, over odd extents",
    images: [45, 6, 7, 8],
    stages: [
      { filters: 8, bias: true },
      { filters: 32, pool: [2, 2, "same"], dropout: 0.25 },
      { filters: 8, bias: true, pool: [3, 1, "valid"] },
      { filters: 16 },
    ],
    inputGradient: true,
  },
  {
    name: "from 8 channels, windows that leave a row and a column out, lanes without an image",
    images: [29, 7, 5, 8],
    stages: [{ filters: 16, pool: [2, 2, "valid"], dropout: 0.5 }],
    inputGradient: true,
  },
  {
    name: "from 16 channels, windows that leave a row and a column out, lanes without an image",
    images: [29, 7, 5, 16],
    stages: [{ filters: 32, pool: [2, 2, "valid"], dropout: 0.5 }],
    inputGradient: true,
  },
  {
    name: "from 16 channels, without a gradient of the images",
    images: [45, 6, 9, 16],
    stages: [{ filters: 16, bias: true, pool: [2, 2, "same"], dropout: 0.25 }],
  },
  {
    name: "from 8 channels, images of one pixel",
    images: [16, 1, 1, 8],
    stages: [{ filters: 8, bias: true }, { filters: 16 }],
  },
  {
    name: "from 16 channels, images of one pixel",
    images: [16, 1, 1, 16],
    stages: [{ filters: 16, bias: true }, { filters: 16 }],
  },
  {
    name: "a first block of many filters, as in cnn-tuned",
    kernel: "conv2dPool",
    images: [5, 12, 12, 1],
    stages: [{ filters: 64, window: [5, 5], bias: true, pool: [2, 2, "same"] }],
  },
  {
    name: "a first block with windows over the border and a panel in part, more images than shares",
    kernel: "conv2dPool",
    images: [19, 9, 7, 2],
    stages: [{ filters: 83, window: [3, 2], pool: [2, 3, "same"] }],
  },
  {
    name: "a first block whose windows leave rows and columns out, one image",
    kernel: "conv2dPool",
    images: [1, 8, 11, 3],
    stages: [{ filters: 41, window: [2, 5], bias: true, pool: [3, 2, "valid"] }],
  },
];

const plain = { strides: [1, 1], dilation: [1, 1], groups: 1 } as const;

/** Padding after which the result has the image's size. */
function around([height, width]: readonly [number, number]) {
  const [top, left] = [(height - 1) >> 1, (width - 1) >> 1];
  return { top, bottom: height - 1 - top, left, right: width - 1 - left };
}

/** A step that computes a loss of the stages' output, its gradients, and the output itself. */
function stepOf({ images, stages, inputGradient }: Case) {
  const g = new GraphBuilder();
  const state: Record<string, readonly number[]> = { x: images };
  let y = g.state("x", images);
  const wanted = inputGradient ? ["x"] : [];
  const values = new Map([["x", y]]);
  const add = (name: string, shape: readonly number[]) => {
    state[name] = shape;
    wanted.push(name);
    values.set(name, g.state(name, shape));
    return values.get(name)!;
  };
  stages.forEach(({ filters, window: size = [3, 3], bias, pool, dropout }, i) => {
    const weights = add(`filters${i}`, [...size, g.shape(y).at(-1)!, filters]);
    y = g.conv2d(y, weights, { ...plain, size, padding: around(size) });
    if (bias) y = g.add(y, add(`bias${i}`, [filters]));
    y = g.relu(y);
    if (pool) y = g.maxPool2d(y, windowsOf(g.shape(y), pool));
    if (dropout) y = g.dropout(y, dropout, 1030 + i);
  });
  // A reshape between: the last block's output is wanted as its shape says.
  const flat = g.reshape(y, [images[0], sizeOf(g.shape(y)) / images[0]]);
  const weights = g.constant(
    Array.from({ length: sizeOf(g.shape(flat)) }, (_, i) => Math.sin(i + 1)),
    g.shape(flat),
  );
  const partials = gradients(
    g,
    g.total(g.mul(flat, weights)),
    wanted.map((name) => values.get(name)!),
  );
  const outputs = { y: flat, ...Object.fromEntries(wanted.map((name, i) => [`d ${name}`, partials[i]!])) };
  return { graph: stepGraph(g, outputs), shapes: state };
}

function windowsOf(shape: readonly number[], [height, width, padding]: NonNullable<Stage["pool"]>) {
  const around = (extent: number, size: number) => {
    const missing = padding === "valid" ? 0 : (size - (extent % size)) % size;
    return [Math.floor(missing / 2), Math.ceil(missing / 2)] as const;
  };
  const [top, bottom] = around(shape[1]!, height);
  const [left, right] = around(shape[2]!, width);
  return {
    size: [height, width],
    strides: [height, width],
    padding: { top, bottom, left, right },
  } as const;
}

describe.each(cases)("$name", (example) => {
  const { graph, shapes } = stepOf(example);
  const state = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], stream) => [
      name,
      {
        shape,
        values: Float32Array.from(
          { length: sizeOf(shape) },
          (_, i) => uniform(wordOf(7, 9200 + stream, 0, i)) - 0.5,
        ),
      },
    ]),
  );
  const truth = evaluateGraph(graph, {
    inputs: { images: [0] },
    state: Object.fromEntries(Object.entries(state).map(([name, { values }]) => [name, values])),
    seed: 5,
    step: 3,
    float32: false,
  });

  it("is planned as one kernel a block, forward and back", () => {
    const layout = new StateLayout(Object.entries(shapes).map(([name, shape]) => ({ name, shape })));
    const kernels = planGraph(graph, layout, vectorUnits).calls.map(({ kernel }) => kernel);
    const count = (name: string) => kernels.filter((kernel) => kernel === name).length;
    const { kernel = "conv2dBlock", stages } = example;
    expect([count(kernel), count(`${kernel}Grad`)]).toEqual([stages.length, stages.length]);
    const others = kernels.filter((name) => name !== kernel && name !== `${kernel}Grad`);
    expect(others.filter((name) => /^(conv2d|maxPool)/.test(name))).toEqual([]);
  });

  const executors = loadKernels().variants.flatMap((variant) =>
    [1, 3].map((threads) => ({ variant, threads })),
  );
  it.each(executors)("has the values of float64 on $variant with $threads thread(s)", async (options) => {
    const { outputs } = await runGraph(openNativeExecutor(options), graph, { state });
    for (const [name, id] of Object.entries(graph.outputs)) {
      const expected = truth[id]!;
      const scale = Math.max(...Array.from(expected, Math.abs));
      const error = Math.max(...Array.from(expected, (value, i) => Math.abs(outputs[name]![i]! - value)));
      expect(error / scale, name).toBeLessThan(3e-6);
    }
  });

  it("hands on what is not a number", async () => {
    const broken = {
      ...state,
      filters0: { ...state.filters0!, values: state.filters0!.values.map(() => Number.NaN) },
    };
    const { outputs } = await runGraph(openNativeExecutor(), graph, { state: broken });
    expect(outputs.y!.some(Number.isNaN)).toBe(true);
  });

  it("repeats its bits", async () => {
    const executor = openNativeExecutor({ threads: 2 });
    const [first, second] = [
      await runGraph(executor, graph, { state }),
      await runGraph(executor, graph, { state }),
    ];
    expect(second.outputs).toEqual(first.outputs);
  });
});
