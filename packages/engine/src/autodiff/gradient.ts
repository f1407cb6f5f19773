/** Walks a graph backwards and adds the gradient's nodes to it. The rules are in gradient-rules.ts. */
import { AtelierError } from "../error.ts";
import type { GraphBuilder, Value } from "../graph/builder.ts";
import { sizeOf } from "../graph/shape.ts";
import { gradientRules } from "./gradient-rules.ts";

/**
 * ∂loss/∂w for each w of `wrt`, each in the shape of its w; zeros where the loss does not depend on it.
 * `loss` must hold one element.
 */
export function gradients(g: GraphBuilder, loss: Value, wrt: readonly Value[]): Value[] {
  if (sizeOf(g.shape(loss)) !== 1) {
    throw new AtelierError(
      "internal",
      `gradients: expected a loss of one element, got shape [${g.shape(loss)}].`,
    );
  }
  const needed = dependents(g, loss, wrt);
  const gradientOf = new Map<Value, Value>([[loss, g.constant(1, g.shape(loss))]]);
  for (let id = loss; id >= 0; id--) {
    const dy = gradientOf.get(id);
    if (dy === undefined || !needed.has(id)) continue;
    const { op, inputs, attrs } = g.node(id);
    if (!inputs.some((input) => needed.has(input))) continue;
    const rule = gradientRules[op] as (
      g: GraphBuilder,
      context: object,
      dy: Value,
    ) => readonly (Value | undefined)[];
    const partials = rule(g, { inputs, output: id, attrs }, dy);
    inputs.forEach((input, position) => {
      const partial = partials[position];
      if (partial === undefined || !needed.has(input)) return;
      const earlier = gradientOf.get(input);
      gradientOf.set(input, earlier === undefined ? partial : g.add(earlier, partial));
    });
  }
  return wrt.map((w) => gradientOf.get(w) ?? g.constant(0, g.shape(w)));
}

/** Nodes up to `loss` that depend on one of `wrt`: only these need gradients. */
function dependents(g: GraphBuilder, loss: Value, wrt: readonly Value[]): ReadonlySet<Value> {
  const found = new Set(wrt);
  for (let id = 0; id <= loss; id++) {
    if (g.node(id).inputs.some((input) => found.has(input))) found.add(id);
  }
  return found;
}
