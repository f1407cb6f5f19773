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

/**
 * `steps` with √x + ε and a + w·(b − a) as one instruction each: of Adam's twelve, seven remain. Only values that
 * nothing else reads disappear; `results` are read from outside.
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
  const contracted = steps.map((step): MapStep => {
    const root = step.op === "affine" && step.imm0 === 1 ? only(step.sources[0], "sqrt") : undefined;
    if (root !== undefined && root.imm1 === 0) {
      gone.add(root.node);
      return { ...root, node: step.node, imm1: step.imm1 };
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
