import { emptySvg, svgPage, svgText } from "../svg/elements.ts";
import { fontSize, type ThemeName, themes } from "../theme.ts";
import type { ImagePixels } from "./image-pixels.ts";
import { thumbnail } from "./thumbnail.ts";

/** An image and the name of its class. */
export interface LabelledImage {
  readonly image: ImagePixels;
  readonly label: string;
}

const imageSide = 84; // three pixels for each of a 28-pixel image
const gap = 14;
const captionHeight = 18;
const margin = 12;
const maxColumns = 10;

/** Images in reading order, up to ten in a row, each above its label. Choosing them is the caller's part. */
export function sampleGrid(samples: readonly LabelledImage[], theme: ThemeName = "light"): string {
  if (samples.length === 0) return emptySvg("No samples to show", theme);
  const columns = Math.min(samples.length, maxColumns);
  const rows = Math.ceil(samples.length / columns);
  const rowHeight = imageSide + captionHeight + gap / 2;
  const page = {
    width: 2 * margin + columns * (imageSide + gap) - gap,
    height: 2 * margin + rows * rowHeight - gap / 2,
    theme,
    label: `${samples.length} samples with their labels`,
  };
  return svgPage(
    page,
    samples.flatMap(({ image, label }, index) => {
      const x = margin + (index % columns) * (imageSide + gap);
      const y = margin + Math.floor(index / columns) * rowHeight;
      return [
        thumbnail(image, { x, y, width: imageSide, height: imageSide }, label),
        svgText(label, {
          x: x + imageSide / 2,
          y: y + imageSide + 14,
          size: fontSize.tick,
          colour: themes[theme].ink,
          anchor: "middle",
          maxWidth: imageSide + gap - 4,
        }),
      ];
    }),
  );
}
