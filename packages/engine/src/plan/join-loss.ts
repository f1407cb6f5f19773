/** Joins what is made of the same logits and targets: the loss, its gradient and which rows are classified correctly. */
import type { Node } from "../graph/graph.ts";
import type { Analysis, KernelUnit } from "./fuse.ts";

/** `unit`, if it is the loss, with its gradient and the correct rows, where these are asked for. */
export function joinLoss({ nodes, users }: Analysis, unit: KernelUnit): KernelUnit {
  const { node: loss } = unit;
  if (loss.op !== "softmaxCrossEntropy") return unit;
  const [logits, targets] = loss.inputs;
  const others = users[logits!]!.map((user) => nodes[user]!).filter(
    ({ id, inputs }) => id > loss.id && inputs[0] === logits && inputs[1] === targets,
  );
  const right = others.find(({ op }) => op === "correct");
  const gradient = others.find(
    (node) =>
      node.op === "softmaxCrossEntropyGrad" &&
      node.attrs.labelSmoothing === loss.attrs.labelSmoothing &&
      !comesOf(nodes, node.inputs[2]!, loss.id),
  );
  const also = { ...(gradient && { gradient: gradient.id }), ...(right && { right: right.id }) };
  const operands = gradient === undefined ? unit.operands : gradient.inputs;
  return { ...unit, operands, also, absorbed: [...unit.absorbed, ...Object.values(also)] };
}

/** Whether a value is made from that of an earlier node. */
function comesOf(nodes: readonly Node[], id: number, earlier: number): boolean {
  return (
    id === earlier || (id > earlier && nodes[id]!.inputs.some((input) => comesOf(nodes, input, earlier)))
  );
}
