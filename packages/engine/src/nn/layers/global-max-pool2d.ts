import { type CommonOptions, commonFields, type LayerCommon, type LayerRule, makeLayer } from "./layer.ts";
import { expectImage } from "./windows.ts";

export interface GlobalMaxPool2dLayer extends LayerCommon {
  readonly type: "globalMaxPool2d";
}

/** Largest value of each channel over the whole image, [N, H, W, C] → [N, C]. */
export function globalMaxPool2d(options: CommonOptions = {}): GlobalMaxPool2dLayer {
  return makeLayer("globalMaxPool2d", globalMaxPool2dRule, options);
}

export const globalMaxPool2dRule: LayerRule<GlobalMaxPool2dLayer> = {
  kerasName: "GlobalMaxPooling2D",
  arity: "one",
  fields: commonFields,
  build: (context, [x]) => {
    const { builder } = context;
    const [height, width, channels] = expectImage(context, builder.shape(x!));
    const pooled = builder.maxPool2d(x!, {
      size: [height, width],
      strides: [height, width],
      padding: { top: 0, bottom: 0, left: 0, right: 0 },
    });
    return builder.reshape(pooled, [builder.shape(x!)[0]!, channels]);
  },
};
