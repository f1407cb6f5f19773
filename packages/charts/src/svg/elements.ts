/** The few SVG elements that pictures and tables are made of, as strings. All text is escaped here. */
import { escapeText } from "../text/escape.ts";
import { fitText, type TextFont } from "../text/measure.ts";
import { fontFamily, fontSize, type ThemeName, themes } from "../theme.ts";

/** Where a text stands: `y` is its baseline, `anchor` says which end `x` is. */
export interface TextStyle extends TextFont {
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  readonly anchor?: "start" | "middle" | "end";
  /** In CSS pixels; a longer text is cut and carries its whole self as tooltip. */
  readonly maxWidth?: number;
}

/** In CSS pixels, from the upper left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What frames a whole picture; `label` is read by screen readers. */
export interface SvgPage {
  readonly width: number;
  readonly height: number;
  readonly theme: ThemeName;
  readonly label: string;
}

/** A whole SVG document on the theme's surface. */
export function svgPage(page: SvgPage, children: readonly string[]): string {
  const width = Math.ceil(page.width);
  const height = Math.ceil(page.height);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="${fontFamily}" role="img" aria-label="${escapeText(page.label)}">\n`,
    svgRect({ x: 0, y: 0, width, height }, themes[page.theme].surface),
    "\n",
    children.filter((child) => child !== "").join("\n"),
    "\n</svg>\n",
  ].join("");
}

/** One line of text. */
export function svgText(text: string, style: TextStyle): string {
  const shown = style.maxWidth === undefined ? text : fitText(text, style.maxWidth, style);
  const anchor = style.anchor && style.anchor !== "start" ? ` text-anchor="${style.anchor}"` : "";
  const weight = style.weight ? ` font-weight="${style.weight}"` : "";
  const tooltip = shown === text ? "" : `<title>${escapeText(text)}</title>`;
  return (
    `<text x="${round(style.x)}" y="${round(style.y)}" font-size="${style.size}"${weight}${anchor} ` +
    `fill="${style.colour}">${escapeText(shown)}${tooltip}</text>`
  );
}

/** A filled rectangle. */
export function svgRect(box: Box, fill: string): string {
  return `<rect ${boxAttributes(box)} fill="${fill}"/>`;
}

/** A horizontal line of one pixel, from `x` over `width`. */
export function svgRule(line: { x: number; y: number; width: number }, colour: string): string {
  const y = Math.round(line.y) + 0.5;
  return `<path d="M${round(line.x)} ${y}H${round(line.x + line.width)}" stroke="${colour}"/>`;
}

/** The designed empty state: a quiet frame with one sentence in it. */
export function emptySvg(message: string, theme: ThemeName): string {
  const [width, height] = [360, 96];
  const colours = themes[theme];
  return svgPage({ width, height, theme, label: message }, [
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6" fill="none" stroke="${colours.grid}"/>`,
    svgText(message, {
      x: width / 2,
      y: height / 2 + 4,
      size: fontSize.label,
      colour: colours.muted,
      anchor: "middle",
      maxWidth: width - 32,
    }),
  ]);
}

/** The position and size of an element, with at most two decimals. */
export function boxAttributes(box: Box): string {
  return `x="${round(box.x)}" y="${round(box.y)}" width="${round(box.width)}" height="${round(box.height)}"`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
