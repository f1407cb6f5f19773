/** What tests ask of every picture, and samples that try to break them. */
import { Resvg } from "@resvg/resvg-js";
import { expect } from "vitest";
import type { ImagePixels } from "../src/index.ts";

/** A name that breaks a picture which forgets to escape it. */
export const nastyName = `<script>alert("1")</script> & 'é' 👗\u0000`;

/** Fails unless `svg` is well-formed, has a size and holds only numbers where numbers belong. */
export function expectPicture(svg: string): void {
  const { width, height } = new Resvg(svg, { font: { loadSystemFonts: false } });
  expect(width).toBeGreaterThan(0);
  expect(height).toBeGreaterThan(0);
  expect(svg).not.toMatch(/="[^"]*(NaN|undefined|Infinity)[^"]*"/);
  expect(svg).not.toContain("<script");
}

/** The texts of a picture in the order they are drawn, unescaped. */
export function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) =>
    text!
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&amp;", "&"),
  );
}

/** How many elements of a name a picture holds. */
export function countElements(svg: string, name: string): number {
  return svg.match(new RegExp(`<${name}[ >]`, "g"))?.length ?? 0;
}

/** An image with a gradient in it; the seed moves it. */
export function sampleImage(
  seed: number,
  shape: Omit<ImagePixels, "pixels"> = { height: 7, width: 5, channels: 1 },
): ImagePixels {
  const length = shape.height * shape.width * shape.channels;
  return { ...shape, pixels: Uint8Array.from({ length }, (_, index) => (index * 37 + seed * 11) % 256) };
}

/** The pixels of a PNG as RGBA, decoded by resvg. */
export function decodePng(png: Uint8Array, { width, height }: { width: number; height: number }): Uint8Array {
  const uri = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const image = `<image width="${width}" height="${height}" href="${uri}" image-rendering="optimizeSpeed"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${image}</svg>`;
  return new Resvg(svg).render().pixels;
}
