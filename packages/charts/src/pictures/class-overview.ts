import { emptySvg, svgPage, svgText } from "../svg/elements.ts";
import { widestText } from "../text/measure.ts";
import { fontSize, type ThemeName, themes } from "../theme.ts";
import type { ImagePixels } from "./image-pixels.ts";
import { thumbnail } from "./thumbnail.ts";

/** One class and the images that stand for it, in the order they are drawn. */
export interface ClassImages {
  readonly name: string;
  readonly images: readonly ImagePixels[];
}

const rowsPerClass = 3;
const imageSide = 28;
const gap = 2;
const classGap = 12;
const margin = 12;
const maxColumns = 24;
const maxNameWidth = 150;
const nameFont = { size: fontSize.label } as const;

/**
 * What a dataset looks like: three rows of images for each class, its name beside them. Rows are as long as the
 * largest class needs, at most 24 images; what does not fit into three rows is left out.
 */
export function classOverview(classes: readonly ClassImages[], theme: ThemeName = "light"): string {
  const mostImages = Math.max(0, ...classes.map(({ images }) => images.length));
  if (mostImages === 0) return emptySvg("No images to show", theme);
  const columns = Math.min(maxColumns, Math.ceil(mostImages / rowsPerClass));
  const step = imageSide + gap;
  const nameWidth = Math.min(
    maxNameWidth,
    widestText(
      classes.map(({ name }) => name),
      nameFont,
    ),
  );
  const blockHeight = rowsPerClass * step - gap + classGap;
  const left = margin + nameWidth + 14;
  const page = {
    width: left + columns * step - gap + margin,
    height: 2 * margin + classes.length * blockHeight - classGap,
    theme,
    label: `Images of ${classes.length} classes`,
  };
  return svgPage(
    page,
    classes.flatMap(({ name, images }, classIndex) => {
      const top = margin + classIndex * blockHeight;
      const label = svgText(name, {
        ...nameFont,
        x: margin + nameWidth,
        y: top + (blockHeight - classGap) / 2 + 4,
        colour: themes[theme].ink,
        anchor: "end",
        maxWidth: maxNameWidth,
      });
      const shown = images.slice(0, columns * rowsPerClass).map((image, index) => {
        const x = left + (index % columns) * step;
        const y = top + Math.floor(index / columns) * step;
        return thumbnail(image, { x, y, width: imageSide, height: imageSide }, name);
      });
      return [label, ...shown];
    }),
  );
}
