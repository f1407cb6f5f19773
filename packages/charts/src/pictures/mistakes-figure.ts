import { emptySvg, svgPage, svgRule, svgText } from "../svg/elements.ts";
import { formatCount, formatPercent } from "../text/format.ts";
import { fontSize, type Theme, type ThemeName, themes } from "../theme.ts";
import type { ImagePixels } from "./image-pixels.ts";
import { thumbnail } from "./thumbnail.ts";

/** A misclassified image and the probability in [0, 1] that the model gave to its wrong answer. */
export interface Mistake {
  readonly image: ImagePixels;
  readonly probability: number;
}

/** Two classes taken for each other: images of `trueName` called `predictedName`, and real `predictedName`s. */
export interface ConfusedPair {
  readonly trueName: string;
  readonly predictedName: string;
  /** How often this mistake was made in all. */
  readonly count: number;
  readonly mistakes: readonly Mistake[];
  readonly examples: readonly ImagePixels[];
}

const imagesPerRow = 4;
const imageSide = 112;
const cellWidth = 132;
const headingHeight = 32;
const mistakeHeight = imageSide + 62;
const exampleHeight = imageSide + 26;
const pairWidth = imagesPerRow * cellWidth - 8;
const pairHeight = headingHeight + mistakeHeight + exampleHeight;
const pairGap = 36;
const margin = 14;

/**
 * For each pair, in the given order and two abreast: four images of the true class that were mistaken, each with
 * both names and the probability, above four images of the class they were taken for.
 */
export function mistakesFigure(pairs: readonly ConfusedPair[], theme: ThemeName = "light"): string {
  const shown = pairs.filter(({ mistakes }) => mistakes.length > 0);
  if (shown.length === 0) return emptySvg("No mistakes: every image was recognised", theme);
  const columns = Math.min(2, shown.length);
  const rows = Math.ceil(shown.length / columns);
  const page = {
    width: 2 * margin + columns * (pairWidth + pairGap) - pairGap,
    height: 2 * margin + rows * (pairHeight + pairGap) - pairGap,
    theme,
    label: `Mistakes of the ${shown.length} most confused pairs of classes`,
  };
  return svgPage(
    page,
    shown.flatMap((pair, index) => {
      const x = margin + (index % columns) * (pairWidth + pairGap);
      const y = margin + Math.floor(index / columns) * (pairHeight + pairGap);
      return drawPair(pair, { x, y }, themes[theme]);
    }),
  );
}

interface Corner {
  readonly x: number;
  readonly y: number;
}

function drawPair(pair: ConfusedPair, { x, y }: Corner, theme: Theme): string[] {
  const heading = { x, size: fontSize.title, weight: "bold", colour: theme.ink } as const;
  const counted = `${formatCount(pair.count)} ${pair.count === 1 ? "mistake" : "mistakes"}`;
  const firstRow = y + headingHeight;
  return [
    svgText(`${pair.trueName} → ${pair.predictedName}`, { ...heading, y: y + 12, maxWidth: pairWidth - 100 }),
    svgText(counted, {
      x: x + pairWidth,
      y: y + 12,
      size: fontSize.tick,
      colour: theme.muted,
      anchor: "end",
    }),
    svgRule({ x, y: y + 20, width: pairWidth }, theme.rule),
    ...pair.mistakes
      .slice(0, imagesPerRow)
      .flatMap((mistake, index) =>
        drawMistake(pair, mistake, { corner: { x: x + index * cellWidth, y: firstRow }, theme }),
      ),
    ...pair.examples.slice(0, imagesPerRow).flatMap((image, index) =>
      drawExample(pair, image, {
        corner: { x: x + index * cellWidth, y: firstRow + mistakeHeight },
        theme,
      }),
    ),
  ];
}

interface Cell {
  readonly corner: Corner;
  readonly theme: Theme;
}

function drawMistake(pair: ConfusedPair, { image, probability }: Mistake, { corner, theme }: Cell): string[] {
  const below = corner.y + imageSide;
  const tooltip = `True: ${pair.trueName}, predicted: ${pair.predictedName}`;
  return [
    thumbnail(image, { ...corner, width: imageSide, height: imageSide }, tooltip),
    caption(`True: ${pair.trueName}`, { x: corner.x, y: below + 15 }, theme.ink),
    caption(`Predicted: ${pair.predictedName}`, { x: corner.x, y: below + 29 }, theme.wrong.at(-3)!),
    caption(`with ${formatPercent(probability)}`, { x: corner.x, y: below + 43 }, theme.muted),
  ];
}

function drawExample(pair: ConfusedPair, image: ImagePixels, { corner, theme }: Cell): string[] {
  const label = `Label: ${pair.predictedName}`;
  return [
    thumbnail(image, { ...corner, width: imageSide, height: imageSide }, label),
    caption(label, { x: corner.x, y: corner.y + imageSide + 15 }, theme.ink),
  ];
}

function caption(text: string, at: Corner, colour: string): string {
  return svgText(text, { ...at, size: fontSize.tick, colour, maxWidth: cellWidth - 8 });
}
