/**
 * Groups the nodes of a step graph into units, each of which becomes one kernel call (or, for a few data
 * movements, several): convolutional blocks of narrow networks are one each (blocks.ts), bias and relu join the product before them, relu joins batch norm, pooling and batch norm join
 * each other (join-normalization.ts), Winograd's convolutions take in what lies beside them (join-convolution.ts), the loss is one with its gradient (join-loss.ts), and connected element-wise nodes become one `map`, which may in turn join the product it works on (join.ts).
 */
import type { Node, OpNode, StepGraph } from "../graph/graph.ts";
import type { OpName } from "../graph/ops.ts";
import { operandMode, type Shape, sizeOf } from "../graph/shape.ts";
import { type BlockGradient, type ConvBlock, findBlock } from "./blocks.ts";
import { type Machine, vectorUnits } from "./convolution.ts";
import { joinLoss } from "./join-loss.ts";
import { joinNeighbours } from "./join-normalization.ts";
import type { MapOpcode } from "./program.ts";
import { resolveViews, type View } from "./views.ts";

/** A product, reduction, … with what joined it. `result` is the node whose value the kernel writes. */
export interface KernelUnit {
  readonly kind: "kernel";
  readonly node: Node;
  readonly result: number;
  /** What the kernel reads: the node's inputs, then what it needs for the nodes that joined it. */
  readonly operands: readonly number[];
  readonly bias: number | undefined;
  /** The kernel applies relu to its result or, being a gradient, relu's mask to what comes in. */
  readonly relu: boolean;
  /** Further nodes whose values the same call writes. */
  readonly also: {
    readonly index?: number;
    readonly moments?: number;
    readonly gradient?: number;
    readonly right?: number;
  };
  /** Batch norm (and relu) that a convolution takes its x through. */
  readonly norm?: KernelUnit;
  /** Batch norm's input gradient that a convolution's filter gradient takes its dy through. */
  readonly normGrad?: KernelUnit;
  /** Whether a convolution takes its result through max pooling with windows of 2×2. */
  readonly pooled?: boolean;
  /** The places of that pooling's maxima, where a convolution's gradient takes in the pooled one. */
  readonly places?: number;
  /** The pooling whose gradient the call takes its result through. */
  readonly pool?: OpNode<"maxPool2dGrad">;
  /** Nodes that live on only inside the kernel's epilogue. */
  readonly absorbed: readonly number[];
  /** Element-wise work on the result that the kernel does before the result leaves the cache. */
  readonly map?: MapUnit;
}

/** Element-wise nodes of one element count, in topological order. */
export interface MapUnit {
  readonly kind: "map";
  readonly nodes: readonly Node[];
}

/** A convolutional block of a narrow network. */
export interface BlockUnit {
  readonly kind: "block";
  readonly block: ConvBlock;
}

/** All of a block's gradient. */
export interface BlockGradUnit {
  readonly kind: "blockGrad";
  readonly block: ConvBlock;
  readonly gradient: BlockGradient;
}

export type Unit = KernelUnit | MapUnit | BlockUnit | BlockGradUnit;

/** A graph with what every later pass asks of it. */
export interface Analysis {
  readonly graph: StepGraph;
  /** What it is to run on. */
  readonly machine: Machine;
  readonly nodes: readonly Node[];
  readonly views: readonly View[];
  /** Nodes that an output or update needs. */
  readonly live: ReadonlySet<number>;
  /** Live users of each node. */
  readonly users: readonly (readonly number[])[];
  /** Nodes read by the host or by an update. */
  readonly roots: ReadonlySet<number>;
}

/** Opcode of an element-wise op; broadcastTo is no instruction, only a way of reading its operand. */
export const elementwise: { readonly [K in OpName]?: MapOpcode | "read" } = {
  add: "add",
  sub: "sub",
  mul: "mul",
  div: "div",
  maximum: "maximum",
  affine: "affine",
  relu: "relu",
  step: "step",
  sigmoid: "sigmoid",
  tanh: "tanh",
  exp: "exp",
  log: "log",
  sqrt: "sqrt",
  erf: "erf",
  dropout: "dropout",
  broadcastTo: "read",
};

const leaves: ReadonlySet<OpName> = new Set(["input", "state", "constant"]);

export function analyze(graph: StepGraph, machine: Machine = vectorUnits): Analysis {
  const { nodes } = graph;
  const roots = new Set([...Object.values(graph.outputs), ...Object.values(graph.updates)]);
  const live = new Set(roots);
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (live.has(id)) for (const input of nodes[id]!.inputs) live.add(input);
  }
  const users: number[][] = nodes.map(() => []);
  for (const node of nodes) {
    if (live.has(node.id)) for (const input of new Set(node.inputs)) users[input]!.push(node.id);
  }
  return { graph, machine, nodes, views: resolveViews(nodes), live, users, roots };
}

/** The units of a graph, in no particular order. */
export function fuse(analysis: Analysis): readonly Unit[] {
  const { nodes, views, live } = analysis;
  const units: Unit[] = [];
  const absorbed = new Set<number>();
  for (const node of nodes) {
    if (!live.has(node.id) || leaves.has(node.op) || views[node.id]!.base !== node.id) continue;
    if (isElementwise(analysis, node) || absorbed.has(node.id)) continue;
    const block = findBlock(analysis, node);
    if (block !== undefined) {
      const { gradient } = block;
      units.push({ kind: "block", block });
      if (gradient !== undefined) units.push({ kind: "blockGrad", block, gradient });
      for (const id of block.absorbed) absorbed.add(id);
      continue;
    }
    const unit = joinLoss(analysis, joinNeighbours(analysis, withEpilogue(analysis, node)));
    units.push(unit);
    for (const id of unit.absorbed) absorbed.add(id);
  }
  const free = nodes.filter(
    (node) => live.has(node.id) && isElementwise(analysis, node) && !absorbed.has(node.id),
  );
  return [...units, ...cluster(analysis, new Set(free.map((node) => node.id)))];
}

function withEpilogue(analysis: Analysis, node: Node): KernelUnit {
  let result = node.id;
  let bias: number | undefined;
  const absorbed: number[] = [];
  if (node.op === "matmul" || node.op === "conv2d") {
    const add = onlyUser(analysis, result, "add");
    const other = add?.inputs.find((input) => input !== result);
    if (
      add !== undefined &&
      other !== undefined &&
      isVector(analysis.nodes[other]!.shape, node.shape.at(-1)!)
    ) {
      bias = other;
      result = add.id;
      absorbed.push(add.id);
    }
  }
  const relu =
    node.op === "matmul" || node.op === "conv2d" || node.op === "batchNorm"
      ? onlyUser(analysis, result, "relu")
      : undefined;
  if (relu !== undefined) absorbed.push(relu.id);
  return {
    kind: "kernel",
    node,
    result: relu?.id ?? result,
    operands: node.inputs,
    bias,
    relu: relu !== undefined,
    also: {},
    absorbed,
  };
}

/** Whether a node can be part of a `map`. */
function isElementwise({ nodes }: Analysis, node: Node): boolean {
  if (node.op === "broadcastTo") return operandMode(nodes[node.inputs[0]!]!.shape, node.shape) !== undefined;
  return elementwise[node.op] !== undefined;
}

/** The one use of a value, if it is an `op` and nobody else sees the value. */
export function onlyUser({ nodes, users, roots }: Analysis, id: number, op: OpName): Node | undefined {
  const [user, ...more] = users[id]!;
  if (user === undefined || more.length > 0 || roots.has(id)) return undefined;
  return nodes[user]!.op === op ? nodes[user] : undefined;
}

export function isVector(shape: Shape, extent: number): boolean {
  return shape.at(-1) === extent && sizeOf(shape) === extent;
}

/**
 * Connected element-wise nodes of the same element count and the same level. Levels count, from the end, how
 * often a path leaves the space of element-wise work; two nodes of one level can have no path between them
 * through anything else, so a cluster never waits for itself. Counting from the end also puts a cheap node
 * (the mask of a relu) beside its late use rather than beside its early operand.
 */
function cluster(analysis: Analysis, free: ReadonlySet<number>): MapUnit[] {
  const { nodes, views, users, live } = analysis;
  const level = new Array<number>(nodes.length).fill(0);
  const joins = (from: number, to: number): boolean =>
    free.has(from) && free.has(to) && sizeOf(nodes[from]!.shape) === sizeOf(nodes[to]!.shape);
  // A use through a view counts as a use of the memory behind it.
  const usersOf = (id: number): number[] =>
    users[id]!.flatMap((user) => (views[user]!.base === user ? [user] : usersOf(user)));
  const wholeUse = (id: number, user: number): boolean =>
    nodes[user]!.inputs.some(
      (input) => views[input]!.base === id && sizeOf(nodes[input]!.shape) === sizeOf(nodes[id]!.shape),
    );
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (!live.has(id)) continue;
    for (const user of usersOf(id)) {
      const same = joins(id, user) && wholeUse(id, user);
      level[id] = Math.min(level[id]!, same ? level[user]! : level[user]! - 1);
    }
  }
  const parent = new Map<number, number>([...free].map((id) => [id, id]));
  const find = (id: number): number => {
    const up = parent.get(id)!;
    return up === id ? id : find(up);
  };
  for (const id of free) {
    for (const user of usersOf(id)) {
      if (joins(id, user) && wholeUse(id, user) && level[id] === level[user])
        parent.set(find(id), find(user));
    }
  }
  const groups = Map.groupBy(
    [...free].sort((a, b) => a - b),
    find,
  );
  return [...groups.values()].map((ids) => ({ kind: "map", nodes: ids.map((id) => nodes[id]!) }));
}
