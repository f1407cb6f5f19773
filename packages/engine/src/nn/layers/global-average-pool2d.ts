import { type CommonOptions, commonFields, type LayerCommon, type LayerRule, makeLayer } from "./layer.ts";
import { expectImage } from "./windows.ts";

export interface GlobalAveragePool2dLayer extends LayerCommon {
  readonly type: "globalAveragePool2d";
}

/** Mean of each channel over the whole image, [N, H, W, C] → [N, C]. */
export function globalAveragePool2d(options: CommonOptions = {}): GlobalAveragePool2dLayer {
  return makeLayer("globalAveragePool2d", globalAveragePool2dRule, options);
}

export const globalAveragePool2dRule: LayerRule<GlobalAveragePool2dLayer> = {
  kerasName: "GlobalAveragePooling2D",
  arity: "one",
  fields: commonFields,
  build: (context, [x]) => {
    const { builder } = context;
    const [height, width, channels] = expectImage(context, builder.shape(x!));
    const pooled = builder.avgPool2d(x!, {
      size: [height, width],
      strides: [height, width],
      padding: { top: 0, bottom: 0, left: 0, right: 0 },
    });
    return builder.reshape(pooled, [builder.shape(x!)[0]!, channels]);
  },
};
