/** Draws sequences of element-wise operations together where the register machine has one instruction for them. */
import type { MapInstruction } from "./program.ts";

/** Where an operand comes from: an input of the call, by number, or the step that makes a node's value. */
export type Source = { readonly input: number } | { readonly node: number };

/** An instruction before registers are given out. */
export interface MapStep extends Pick<MapInstruction, "op" | "imm0" | "imm1"> {
  /** The node whose value it makes. */
  readonly node: number;
  readonly sources: readonly Source[];
}

interface ShiftedRoot extends Pick<MapStep, "sources" | "imm1"> {
  readonly nodes: readonly number[];
}

/**
 * `steps` with √x + ε, a/(√x + ε) and a + w·(b − a) as one instruction each: of Adam's twelve, six remain. Only values
 * that nothing else reads disappear; `results` are read from outside.
 */
export function contract(steps: readonly MapStep[], results: ReadonlySet<number>): readonly MapStep[] {
  const makers = new Map(steps.map((step) => [step.node, step]));
  const uses = new Map<number, number>();
  for (const { sources } of steps)
    for (const source of sources)
      if ("node" in source) uses.set(source.node, (uses.get(source.node) ?? 0) + 1);
  /** The step behind an operand, if it is an `op` whose value has no other use. */
  const only = (source: Source | undefined, op: MapStep["op"]): MapStep | undefined => {
    if (source === undefined || !("node" in source)) return undefined;
    const maker = makers.get(source.node);
    return maker?.op === op && uses.get(source.node) === 1 && !results.has(source.node) ? maker : undefined;
  };
  const gone = new Set<number>();
  /** What √x + ε is made of: the root's operand, ε, and the nodes that go. */
  const shiftedRoot = (step: MapStep | undefined): ShiftedRoot | undefined => {
    if (step?.op === "sqrt") return { sources: step.sources, imm1: step.imm1, nodes: [step.node] };
    const root =
      step?.op === "affine" && step.imm0 === 1 ? shiftedRoot(only(step.sources[0], "sqrt")) : undefined;
    return root && { ...root, imm1: step!.imm1, nodes: [step!.node, ...root.nodes] };
  };
  const contracted = steps.map((step): MapStep => {
    const root = step.op === "affine" ? shiftedRoot(step) : undefined;
    if (root !== undefined) {
      gone.add(root.nodes.at(-1)!);
      return { op: "sqrt", node: step.node, sources: root.sources, imm0: 0, imm1: root.imm1 };
    }
    const divisor =
      step.op === "div"
        ? shiftedRoot(only(step.sources[1], "affine") ?? only(step.sources[1], "sqrt"))
        : undefined;
    if (divisor !== undefined) {
      for (const node of divisor.nodes) gone.add(node);
      const sources = [step.sources[0]!, divisor.sources[0]!];
      return { op: "divRoot", node: step.node, sources, imm0: 0, imm1: divisor.imm1 };
    }
    const [a, moved] = step.sources;
    const scale = step.op === "add" ? only(moved, "affine") : undefined;
    const difference = scale?.imm1 === 0 ? only(scale.sources[0], "sub") : undefined;
    if (scale === undefined || difference === undefined || !sameSource(difference.sources[1]!, a!))
      return step;
    gone.add(scale.node).add(difference.node);
    return { op: "lerp", node: step.node, sources: [a!, difference.sources[0]!], imm0: scale.imm0, imm1: 0 };
  });
  return contracted.filter(({ node }) => !gone.has(node));
}

function sameSource(a: Source, b: Source): boolean {
  return "input" in a ? "input" in b && a.input === b.input : "node" in b && a.node === b.node;
}
