/** Where the parts of a confusion matrix lie, how large its text is, and the size of picture that it asks for. */
import { widestText } from "../text/measure.ts";
import { type Frame, fontSize, type ThemeName } from "../theme.ts";

/** The smallest text that is still drawn, in CSS pixels. */
export const minTextSize = 8;
/** Longer class names are cut, in CSS pixels. */
export const maxNameWidth = 150;
/** Height of the colour scales above the matrix. */
export const keyHeight = 44;

const axisTitleHeight = 26;
const rightMargin = 16;
/** Names lie flat above cells of this side, cut to it if they must be, in CSS pixels. */
const roomyCellSide = 90;

/** Lengths in CSS pixels. */
export interface ConfusionLayout {
  readonly left: number;
  readonly side: number;
  readonly cellSide: number;
  readonly nameSize: number;
  /** Names of columns stand upright when they are wider than a cell. */
  readonly isTurned: boolean;
  /** From the matrix to the title of each axis. */
  readonly titleGap: { readonly x: number; readonly y: number };
}

/** A size at which the matrix is square and its cells are as large as their number allows. */
export function confusionMatrixFrame(
  { classNames }: { readonly classNames: readonly string[] },
  theme: ThemeName = "light",
): Frame {
  const count = Math.max(1, classNames.length);
  const cellSide = Math.max(minTextSize + 1, Math.min(62, 720 / count));
  const side = Math.max(280, cellSide * count);
  const { around } = margins(classNames, side / count);
  return { width: Math.ceil(side + around.x), height: Math.ceil(side + around.y), theme };
}

/** Fits a square matrix of these classes into the frame. */
export function layOutConfusion(classNames: readonly string[], frame: Frame): ConfusionLayout {
  const count = classNames.length;
  const sideWithin = ({ around }: Margins) =>
    Math.max(40, Math.min(frame.width - around.x, frame.height - around.y));
  const roomy = margins(classNames, frame.width / count); // margins depend on the cells and the cells on the margins
  const fitting = margins(classNames, sideWithin(roomy) / count);
  const { left, nameSize, nameWidth, isTurned } = fitting;
  const side = sideWithin(fitting);
  const titleGap = { x: isTurned ? nameWidth + 16 : 26, y: left - axisTitleHeight + 8 };
  return { left, side, cellSide: side / count, nameSize, isTurned, titleGap };
}

interface Margins {
  readonly nameSize: number;
  readonly nameWidth: number;
  readonly isTurned: boolean;
  readonly left: number;
  /** All that is not matrix, in both directions. */
  readonly around: { readonly x: number; readonly y: number };
}

function margins(classNames: readonly string[], cellSide: number): Margins {
  const nameSize = Math.round(Math.max(minTextSize, Math.min(fontSize.tick, cellSide - 1)));
  const nameWidth = Math.min(maxNameWidth, widestText(classNames, { size: nameSize }));
  const isTurned = nameWidth > cellSide - 4 && cellSide < roomyCellSide;
  const left = nameWidth + axisTitleHeight + 10;
  const below = (isTurned ? nameWidth + 14 : 22) + axisTitleHeight;
  return { left, nameSize, nameWidth, isTurned, around: { x: left + rightMargin, y: keyHeight + below } };
}
