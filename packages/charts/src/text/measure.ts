/**
 * Text widths without a font engine, so that layouts are the same in Node, in the browser and between machines.
 * The advances are those of DejaVu Sans Condensed, the font of our PNGs; Helvetica and Arial run slightly
 * narrower, so what fits here fits there.
 */

/** Advance of U+0020 … U+007E in hundredths of the font size. */
const advances = [
  29, 36, 41, 75, 57, 85, 70, 25, 35, 35, 45, 75, 29, 32, 29, 30, 57, 57, 57, 57, 57, 57, 57, 57, 57, 57, 30,
  30, 75, 75, 75, 48, 90, 62, 62, 63, 69, 57, 52, 70, 68, 27, 27, 59, 50, 78, 67, 71, 54, 71, 63, 57, 55, 66,
  62, 89, 62, 55, 62, 35, 30, 35, 75, 45, 45, 55, 57, 49, 57, 55, 32, 57, 57, 25, 25, 52, 25, 88, 57, 55, 57,
  57, 37, 47, 35, 57, 53, 74, 53, 53, 47, 57, 30, 57, 75,
];
const boldFactor = 1.12;
const accentedAdvance = 62;
const wideAdvance = 100;
const ellipsis = "…";

/** Font size in CSS pixels and weight. */
export interface TextFont {
  readonly size: number;
  readonly weight?: "bold";
}

/** Estimated width of one line of text in CSS pixels. */
export function textWidth(text: string, font: TextFont): number {
  let hundredths = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    hundredths += advances[code - 0x20] ?? (code < 0x2000 ? accentedAdvance : wideAdvance);
  }
  return (hundredths / 100) * font.size * (font.weight === "bold" ? boldFactor : 1);
}

/** The width of the widest of `texts` in CSS pixels; 0 for none. */
export function widestText(texts: readonly string[], font: TextFont): number {
  return texts.reduce((widest, text) => Math.max(widest, textWidth(text, font)), 0);
}

/** The text itself where it fits into `maxWidth` CSS pixels, else its beginning and an ellipsis. */
export function fitText(text: string, maxWidth: number, font: TextFont): string {
  const line = text.replace(/\s+/g, " ");
  if (textWidth(line, font) <= maxWidth) return line;
  const kept = [...line];
  while (kept.length > 0 && textWidth(kept.join("") + ellipsis, font) > maxWidth) kept.pop();
  return kept.join("").trimEnd() + ellipsis;
}
