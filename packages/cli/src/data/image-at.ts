/** Images of a data set as pictures are made of them. Nothing that draws charts is loaded for it, which takes long. */
import type { ImagePixels } from "@atelier/charts/png";
import type { ImageDataset } from "@atelier/engine";

/** Image `index` of a data set, as the charts take it. Channels beyond grey and RGB are not drawn. */
export function imageAt(
  { images, shape: [height, width, channels] }: ImageDataset,
  index: number,
): ImagePixels {
  const size = height * width * channels;
  return {
    pixels: images.subarray(index * size, (index + 1) * size),
    height,
    width,
    channels: channels === 3 ? 3 : 1,
  };
}
