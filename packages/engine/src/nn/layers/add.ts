import { sameShape } from "../../graph/shape.ts";
import {
  batchShape,
  type CommonOptions,
  commonFields,
  expectInput,
  type LayerCommon,
  type LayerRule,
  makeLayer,
} from "./layer.ts";

export interface AddLayer extends LayerCommon {
  readonly type: "add";
}

/**
 * Sum of several layers of one shape, the join of a residual block (He et al. 2016):
 * `add({ from: ["shortcut", "conv2d_2"] })`.
 */
export function add(options: CommonOptions & { readonly from: readonly string[] }): AddLayer {
  return makeLayer("add", addRule, options);
}

export const addRule: LayerRule<AddLayer> = {
  kerasName: "Add",
  arity: "several",
  fields: commonFields,
  build: (context, inputs) => {
    const { builder } = context;
    const first = builder.shape(inputs[0]!);
    for (const input of inputs) {
      const shape = builder.shape(input);
      expectInput(
        context,
        sameShape(shape, first),
        `${batchShape(first)} from every layer`,
        shape,
        "Match the shortcut by a conv2d of kernel size 1.",
      );
    }
    return inputs.reduce((sum, input) => builder.add(sum, input));
  },
};
