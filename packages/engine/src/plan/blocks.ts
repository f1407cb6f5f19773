/**
 * Finds convolutional blocks that are one kernel forward and one backward: convolution, bias, relu, max pooling, dropout,
 * with all of their gradient. Two kinds gain by it. Narrow 3×3 ones (packages/kernels/src/native/conv2d-block.cpp) put
 * sixteen images side by side in the vector lanes; what passes between two of them stays in that form. The first of a
 * wide network (conv2d-pool.cpp), few channels to many filters, is bound by memory unless its map is pooled at once.
 */
import type { Node, OpNode } from "../graph/graph.ts";
import { sizeOf } from "../graph/shape.ts";
import { convolutionKernel, geometryOf, vectorUnits } from "./convolution.ts";
import { type Analysis, isVector, onlyUser } from "./fuse.ts";

/** The nodes of a block. */
export interface ConvBlock {
  readonly kind: "narrow" | "first";
  readonly conv: OpNode<"conv2d">;
  readonly bias: number | undefined;
  readonly pool: OpNode<"maxPool2d"> | undefined;
  /** Where in its window each maximum was; kept for the gradient. */
  readonly index: number | undefined;
  readonly dropout: OpNode<"dropout"> | undefined;
  readonly output: number;
  readonly gradient: BlockGradient | undefined;
  /** Nodes that exist only inside the two kernels, and the kernels' results. */
  readonly absorbed: readonly number[];
}

export interface BlockGradient {
  /** ∂L/∂output, which the block is given. */
  readonly dOutput: number;
  readonly dFilters: number;
  readonly dBias: number | undefined;
  readonly dx: number | undefined;
}

/** Taps (windows times channels) whose filter gradients stay in the first-level cache, and filters that fill vectors. */
const mostTaps = 75;
const fewestFilters = 32;

/** Images side by side. */
export const laneImages = 16;

/** The block that begins with `conv`, if it is one and gains by it. */
export function findBlock(analysis: Analysis, conv: Node): ConvBlock | undefined {
  if (conv.op !== "conv2d") return undefined;
  const narrow = isPlain3x3(conv) && isNarrow(analysis, conv);
  if (narrow) return findChain(analysis, conv, "narrow");
  const block = hasFewTaps(analysis, conv) ? findChain(analysis, conv, "first") : undefined;
  return block?.pool === undefined || block.gradient?.dx !== undefined ? undefined : block;
}

function findChain(
  analysis: Analysis,
  conv: OpNode<"conv2d">,
  kind: ConvBlock["kind"],
): ConvBlock | undefined {
  const { nodes, users } = analysis;
  const add = onlyUser(analysis, conv.id, "add");
  const bias = add?.inputs.find((input) => input !== conv.id);
  if (add !== undefined && !isVector(nodes[bias!]!.shape, conv.shape.at(-1)!)) return undefined;
  const relu = onlyUser(analysis, add?.id ?? conv.id, "relu");
  if (relu === undefined) return undefined;
  const uses = users[relu.id]!.map((id) => nodes[id]!);
  const pool = uses.find((node): node is OpNode<"maxPool2d"> => node.op === "maxPool2d");
  if (pool !== undefined && !isTiling(analysis, relu, pool, uses)) return undefined;
  const index = pool && uses.find(({ op }) => op === "maxPool2dIndex")?.id;
  const dropout = kind === "narrow" ? dropoutAfter(analysis, pool ?? relu) : undefined;
  const output = dropout ?? pool ?? relu;
  const chain = { kind, conv, bias, pool, index, dropout, output: output.id };
  const absorbed = [conv, add, relu, pool, dropout].flatMap((node) => node?.id ?? []);
  if (index !== undefined) absorbed.push(index);
  const mask = users[output.id]!.map((id) => nodes[id]!).find(({ op }) => op === "step");
  if (mask === undefined)
    return index === undefined ? { ...chain, gradient: undefined, absorbed } : undefined;
  const found = findGradient(analysis, chain, mask);
  return found && { ...chain, gradient: found.gradient, absorbed: [...absorbed, ...found.absorbed] };
}

/** What the forward kernel reads and leaves in memory. */
export function blockReads({ conv, bias }: ConvBlock): readonly number[] {
  return [...conv.inputs, ...(bias === undefined ? [] : [bias])];
}
export function blockResults(block: ConvBlock): readonly number[] {
  return [block.output, ...(block.index === undefined ? [] : [block.index])];
}

/** The same of the backward kernel. */
export function blockGradReads(block: ConvBlock, { dOutput, dx }: BlockGradient): readonly number[] {
  const [x, filters] = block.conv.inputs;
  const index = block.index === undefined ? [] : [block.index];
  return [x!, ...(dx === undefined ? [] : [filters!]), block.output, ...index, dOutput];
}
export function blockGradResults({ dFilters, dBias, dx }: BlockGradient): readonly number[] {
  return [dFilters, dBias, dx].flatMap((id) => id ?? []);
}

function isPlain3x3({ attrs: { size, strides, dilation, groups, padding } }: OpNode<"conv2d">): boolean {
  const ones = [...strides, ...dilation, groups, ...Object.values(padding)];
  return size.every((extent) => extent === 3) && ones.every((value) => value === 1);
}

/** Where the images fill the lanes, and filters are so few that their gradient, a vector each, stays in the cache. */
function isNarrow({ nodes }: Analysis, conv: OpNode<"conv2d">): boolean {
  const [images, , , C] = nodes[conv.inputs[0]!]!.shape as [number, number, number, number];
  const idle = (laneImages - (images % laneImages)) % laneImages;
  return images >= laneImages && idle * 4 <= images && C * conv.shape[3]! <= 512;
}

/** Where taps are few, filters many, and the direct kernels the best, on every machine. */
function hasFewTaps({ nodes }: Analysis, conv: OpNode<"conv2d">): boolean {
  const x = nodes[conv.inputs[0]!]!.shape;
  const { size, strides, dilation, groups } = conv.attrs;
  const geometry = geometryOf(x, conv.shape, conv.attrs);
  return (
    [...strides, ...dilation, groups].every((value) => value === 1) &&
    size[0] * size[1] * x[3]! <= mostTaps &&
    conv.shape[3]! >= fewestFilters &&
    !/Fft|Winograd/.test(convolutionKernel("conv2d", geometry, vectorUnits)) &&
    !/Fft|Winograd/.test(convolutionKernel("conv2dFilterGrad", geometry, vectorUnits))
  );
}

/** Whether the windows lie side by side, and nothing but them sees the values before. */
function isTiling(
  { roots }: Analysis,
  relu: Node,
  { attrs }: OpNode<"maxPool2d">,
  uses: readonly Node[],
): boolean {
  const { size, strides } = attrs;
  const same = (node: Node) => JSON.stringify(node.attrs) === JSON.stringify(attrs);
  const inside = uses.every(
    (node) => (node.op === "maxPool2d" || node.op === "maxPool2dIndex") && same(node),
  );
  const tiles = size[0] === strides[0] && size[1] === strides[1] && size[0] * size[1] <= 256;
  return !roots.has(relu.id) && inside && uses.length <= 2 && tiles;
}

/** The dropout that alone follows `last`; its random words come eight at a time. */
function dropoutAfter(analysis: Analysis, last: Node): OpNode<"dropout"> | undefined {
  const dropout = onlyUser(analysis, last.id, "dropout");
  return dropout?.op === "dropout" && sizeOf(last.shape.slice(1)) % 8 === 0 ? dropout : undefined;
}

/**
 * The way back: the gradient where the output is above zero, (its pooling's), and the gradients of bias, filters and
 * input from that, as simplify.ts writes them. Undefined when anything else takes part.
 */
function findGradient(
  analysis: Analysis,
  { conv, pool, index, dropout }: Pick<ConvBlock, "conv" | "pool" | "index" | "dropout">,
  mask: Node,
): { readonly gradient: BlockGradient; readonly absorbed: readonly number[] } | undefined {
  const { nodes, users, roots } = analysis;
  const masked = onlyUser(analysis, mask.id, "mul");
  const given = masked?.inputs.find((input) => input !== mask.id);
  if (masked === undefined || given === undefined) return undefined;
  const absorbed = [mask.id, masked.id];
  let dOutput = given;
  if (dropout !== undefined) {
    const scaled = nodes[given]!;
    const scale = 1 / (1 - dropout.attrs.rate);
    const isScaled = scaled.op === "affine" && scaled.attrs.scale === scale && scaled.attrs.offset === 0;
    if (!isScaled || onlyUser(analysis, given, "mul") === undefined) return undefined;
    absorbed.push(given);
    dOutput = scaled.inputs[0]!;
  }
  const usesOf = (id: number) => users[id]!.map((user) => nodes[user]!);
  let uses = usesOf(masked.id);
  if (pool !== undefined) {
    const spread = uses.find(({ op }) => op === "maxPool2dGrad");
    if (spread === undefined || spread.inputs[0] !== index || spread.inputs[1] !== masked.id)
      return undefined;
    if (roots.has(spread.id)) return undefined;
    absorbed.push(spread.id);
    uses = [...uses.filter((node) => node !== spread), ...usesOf(spread.id)];
  }
  const only = (op: "sum" | "conv2dFilterGrad" | "conv2dInputGrad") => uses.find((node) => node.op === op);
  const [sum, filterGrad, inputGrad] = [only("sum"), only("conv2dFilterGrad"), only("conv2dInputGrad")];
  const [x, filters] = conv.inputs;
  const fits =
    !roots.has(masked.id) &&
    [sum, filterGrad, inputGrad].filter((node) => node !== undefined).length === uses.length &&
    filterGrad?.inputs[0] === x &&
    (inputGrad === undefined || inputGrad.inputs[0] === filters) &&
    (sum?.op !== "sum" || (isVector(sum.shape, conv.shape[3]!) && !sum.attrs.axes.includes(3)));
  if (!fits) return undefined;
  const gradient = { dOutput, dFilters: filterGrad!.id, dBias: sum?.id, dx: inputGrad?.id };
  return { gradient, absorbed: [...absorbed, ...blockGradResults(gradient)] };
}
