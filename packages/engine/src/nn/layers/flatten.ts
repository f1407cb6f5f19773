import { sizeOf } from "../../graph/shape.ts";
import { type CommonOptions, commonFields, type LayerCommon, type LayerRule, makeLayer } from "./layer.ts";

export interface FlattenLayer extends LayerCommon {
  readonly type: "flatten";
}

/** [N, …] → [N, product of the rest], row-major: an image becomes rows of pixels of channels. */
export function flatten(options: CommonOptions = {}): FlattenLayer {
  return makeLayer("flatten", flattenRule, options);
}

export const flattenRule: LayerRule<FlattenLayer> = {
  kerasName: "Flatten",
  arity: "one",
  fields: commonFields,
  build: ({ builder }, [x]) => {
    const [batch, ...rest] = builder.shape(x!);
    return builder.reshape(x!, [batch!, sizeOf(rest)]);
  },
};
