/** Turns a cluster of element-wise nodes into the body of one call: operands to input registers, nodes to instructions. */
import type { Node } from "../graph/graph.ts";
import { operandMode, sizeOf } from "../graph/shape.ts";
import { contract, type MapStep, type Source } from "./contract.ts";
import { type Analysis, elementwise, type MapUnit } from "./fuse.ts";
import { type MapBody, type MapInput, type MapInstruction, noRef, type Ref } from "./program.ts";

/**
 * The body that computes `unit` and writes each of `results`. Input registers are never written;
 * the others are used again as soon as their value has had its last use. `product` is the node whose value the
 * same kernel computes and never stores.
 */
export function lowerMap(
  analysis: Analysis,
  unit: MapUnit,
  results: readonly number[],
  at: (id: number) => Ref,
  product?: number,
): MapBody {
  const { nodes, views } = analysis;
  const inside = new Set(unit.nodes.map((node) => node.id));
  const inputs: MapInput[] = [];
  const inputNumber = new Map<string, number>();

  const readInput = (operand: number, user: Node): number => {
    const isProduct = views[operand]!.base === product;
    const { mode, param } = isProduct
      ? ({ mode: "product", param: 0 } as const)
      : operandMode(nodes[operand]!.shape, user.shape)!;
    const ref = isProduct ? noRef : at(operand);
    const key = `${ref} ${mode} ${param}`;
    const known = inputNumber.get(key);
    if (known !== undefined) return known;
    inputNumber.set(key, inputs.length);
    inputs.push({ ref, mode, param });
    return inputs.length - 1;
  };

  // First the sources of every instruction: an input's number, or the node inside that makes it.
  const sourceOf = new Map<number, Source>();
  const operandSource = (operand: number, user: Node): Source => {
    const { base } = views[operand]!;
    if (inside.has(base)) return sourceOf.get(base)!;
    const source = { input: readInput(operand, user) };
    if (base === product) sourceOf.set(base, source);
    return source;
  };
  const written: MapStep[] = [];
  for (const node of unit.nodes) {
    const sources = node.inputs.map((operand) => operandSource(operand, node));
    if (node.op === "broadcastTo") sourceOf.set(node.id, sources[0]!);
    else {
      sourceOf.set(node.id, { node: node.id });
      const op = elementwise[node.op] as MapStep["op"];
      written.push({ op, node: node.id, sources, ...immediates(node) });
    }
  }
  const steps = contract(written, new Set(results));

  // Then registers.
  const lastUse = new Map<number, number>();
  steps.forEach(({ sources }, position) => {
    for (const source of sources) if ("node" in source) lastUse.set(source.node, position);
  });
  for (const id of results) {
    const source = sourceOf.get(id)!;
    if ("node" in source) lastUse.set(source.node, Number.POSITIVE_INFINITY);
  }
  const register = new Map<number, number>();
  const free: number[] = [];
  let registers = inputs.length;
  const numberOf = (source: Source): number =>
    "input" in source ? source.input : register.get(source.node)!;
  const code = steps.map(({ op, node, sources, imm0, imm1 }, position): MapInstruction => {
    const [a, b] = sources.map(numberOf);
    for (const source of new Set(sources)) {
      if ("node" in source && lastUse.get(source.node) === position) free.push(register.get(source.node)!);
    }
    const dst = free.pop() ?? registers++;
    register.set(node, dst);
    return { op, dst, a: a!, b: b ?? a!, imm0, imm1 };
  });
  const outputs = results.map((id) => ({ ref: at(id), register: numberOf(sourceOf.get(id)!) }));
  return { count: sizeOf(unit.nodes[0]!.shape), inputs, code, outputs, registers };
}

function immediates(node: Node): { imm0: number; imm1: number } {
  if (node.op === "affine") return { imm0: node.attrs.scale, imm1: node.attrs.offset };
  if (node.op === "dropout") return { imm0: node.attrs.stream, imm1: node.attrs.rate };
  return { imm0: 0, imm1: 0 };
}
