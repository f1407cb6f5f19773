/**
 * A graph is an immutable list of nodes in topological order; a node's operands come before it.
 * Build one with GraphBuilder (builder.ts), check it with verifyGraph, print it with printGraph.
 */
import type { OpAttrs, OpName } from "./ops.ts";
import type { Shape } from "./shape.ts";

/** One operation and its result. `id` is the node's place in the graph. */
export type Node = { readonly [K in OpName]: OpNode<K> }[OpName];

export interface OpNode<K extends OpName> {
  readonly id: number;
  readonly op: K;
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly number[];
  readonly shape: Shape;
}

export interface Graph {
  readonly nodes: readonly Node[];
}

/**
 * What one step computes. `outputs` are read by the host after the step; `updates` replace the state of that
 * name once everything else has been computed from the old values.
 */
export interface StepGraph extends Graph {
  readonly outputs: Readonly<Record<string, number>>;
  readonly updates: Readonly<Record<string, number>>;
}
