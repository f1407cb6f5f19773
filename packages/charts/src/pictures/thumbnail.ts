import { type Box, boxAttributes } from "../svg/elements.ts";
import { escapeText } from "../text/escape.ts";
import { pngDataUri } from "./encode-png.ts";
import { type ImagePixels, shrinkImage } from "./image-pixels.ts";

/** Draws an image into a box of the picture, its own pixels visible, its proportions kept. */
export function thumbnail(image: ImagePixels, box: Box, tooltip: string): string {
  const uri = pngDataUri(shrinkImage(image, Math.max(box.width, box.height)));
  return (
    `<image ${boxAttributes(box)} href="${uri}" image-rendering="pixelated">` +
    `<title>${escapeText(tooltip)}</title></image>`
  );
}
