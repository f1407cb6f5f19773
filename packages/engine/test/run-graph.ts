/** Runs one step of a graph through an executor's session, as training does, and brings back named values. */
import type { Executor } from "../src/executors/executor.ts";
import type { GraphBuilder, Value } from "../src/graph/builder.ts";
import type { StepGraph } from "../src/graph/graph.ts";
import type { Shape } from "../src/graph/shape.ts";
import type { ImageDataset } from "../src/train/dataset.ts";

/** A data set of one black pixel, for graphs that are about something else. */
export const onePixel: ImageDataset = {
  name: "one pixel",
  size: 1,
  shape: [1, 1, 1],
  images: new Uint8Array(1),
  labels: new Uint8Array(1),
  classNames: ["only"],
  checksum: "",
};

/** Completes `g` into a step graph with the given outputs and updates. */
export function stepGraph(
  g: GraphBuilder,
  outputs: Record<string, Value>,
  updates: Record<string, Value> = {},
): StepGraph {
  g.input("images", [1, 1, 1, 1]);
  return { ...g.finish(), outputs, updates };
}

export interface GraphRun {
  readonly state: Readonly<Record<string, { readonly shape: Shape; readonly values: ArrayLike<number> }>>;
  readonly seed?: number;
  readonly firstStep?: number;
  readonly steps?: number;
}

/** Outputs of the last step and the state afterwards. */
export async function runGraph(
  executor: Executor,
  graph: StepGraph,
  { state, seed = 5, firstStep = 3, steps = 1 }: GraphRun,
) {
  const session = executor.compile({
    state: Object.entries(state).map(([name, { shape, values }]) => ({
      name,
      shape,
      initial: Float32Array.from(values),
    })),
    graphs: { graph },
  });
  try {
    session.upload("data", onePixel);
    const names = Object.keys(graph.outputs);
    const result = await session.run({
      dataset: "data",
      order: new Int32Array(steps),
      graph: "graph",
      normalization: { mean: [0], std: [1] },
      seed,
      firstStep,
      epochIndex: 0,
      outputs: names,
    });
    const outputs = Object.fromEntries(
      names.map((name) => {
        const all = result.outputs[name]!;
        return [name, all.subarray(all.length - all.length / steps)];
      }),
    );
    return {
      result,
      outputs,
      state: Object.fromEntries(Object.keys(state).map((name) => [name, session.read(name)])),
    };
  } finally {
    session.close();
  }
}
