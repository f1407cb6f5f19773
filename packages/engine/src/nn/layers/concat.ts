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

export interface ConcatLayer extends LayerCommon {
  readonly type: "concat";
}

/** Several layers side by side along the last axis (channels): `concat({ from: ["left", "right"] })`. */
export function concat(options: CommonOptions & { readonly from: readonly string[] }): ConcatLayer {
  return makeLayer("concat", concatRule, options);
}

export const concatRule: LayerRule<ConcatLayer> = {
  kerasName: "Concatenate",
  arity: "several",
  fields: commonFields,
  build: (context, inputs) => {
    const { builder } = context;
    const first = builder.shape(inputs[0]!);
    for (const input of inputs) {
      const shape = builder.shape(input);
      expectInput(
        context,
        sameShape(shape.slice(0, -1), first.slice(0, -1)),
        `${batchShape([...first.slice(0, -1), -1]).replace("-1]", "any]")} from every layer`,
        shape,
        "Only the last axis may differ.",
      );
    }
    return builder.concat(inputs, first.length - 1);
  },
};
