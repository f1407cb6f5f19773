/** Evaluates every node of a graph with the oracle's kernels. */
import { AtelierError } from "../../error.ts";
import type { Graph } from "../../graph/graph.ts";
import { sizeOf } from "../../graph/shape.ts";
import { type KernelContext, referenceKernels } from "./kernels.ts";

export interface Bindings {
  readonly inputs?: Readonly<Record<string, ArrayLike<number>>>;
  readonly state?: Readonly<Record<string, ArrayLike<number>>>;
  /** Philox key of dropout; default 0. */
  readonly seed?: number;
  /** Global step number; default 0. */
  readonly step?: number;
  /** Round each value to float32, as the executors hold it (default). Without, all is float64. */
  readonly float32?: boolean;
}

/** The value of every node, by id. Throws bad-argument when a leaf is not bound or has another size. */
export function evaluateGraph(graph: Graph, bindings: Bindings): Float64Array[] {
  const values: Float64Array[] = [];
  const round = bindings.float32 ?? true;
  for (const node of graph.nodes) {
    let value: Float64Array;
    if (node.op === "input" || node.op === "state") {
      const bound = (node.op === "input" ? bindings.inputs : bindings.state)?.[node.attrs.name];
      if (bound === undefined || bound.length !== sizeOf(node.shape)) {
        throw new AtelierError(
          "bad-argument",
          `${node.op} "${node.attrs.name}": expected ${sizeOf(node.shape)} values, got ${bound?.length ?? "none"}.`,
        );
      }
      value = Float64Array.from(bound);
    } else {
      value = new Float64Array(sizeOf(node.shape));
      const kernel = referenceKernels[node.op] as (
        y: Float64Array,
        inputs: readonly Float64Array[],
        context: KernelContext<never>,
      ) => void;
      kernel(
        value,
        node.inputs.map((id) => values[id]!),
        {
          node: node as never,
          inputShapes: node.inputs.map((id) => graph.nodes[id]!.shape),
          seed: bindings.seed ?? 0,
          step: bindings.step ?? 0,
        },
      );
    }
    if (round) for (let i = 0; i < value.length; i++) value[i] = Math.fround(value[i]!);
    values.push(value);
  }
  return values;
}
