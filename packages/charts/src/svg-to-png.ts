/**
 * Pixels from SVG, in Node only: resvg and its fonts are loaded when first asked for, so that a browser bundle
 * may hold this file. The system's fonts are never used: a picture looks the same on a machine that has none.
 */
import type { ResvgRenderOptions } from "@resvg/resvg-js";

/** How large the PNG is. */
export interface PngOptions {
  /** Pixels of the PNG for each CSS pixel of the SVG. */
  readonly scale: number;
}

/** The picture as a PNG file. Rejects when `svg` is not well-formed. */
export async function svgToPng(svg: string, { scale }: PngOptions = { scale: 2 }): Promise<Uint8Array> {
  const { Resvg } = await import(/* @vite-ignore */ "@resvg/resvg-js");
  const { createRequire } = await import(/* @vite-ignore */ "node:module");
  const require = createRequire(import.meta.url);
  const options: ResvgRenderOptions = {
    fitTo: { mode: "zoom", value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles: [
        require.resolve("dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf"),
        require.resolve("dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf"),
      ],
      defaultFontFamily: "DejaVu Sans",
      sansSerifFamily: "DejaVu Sans",
    },
  };
  const known = svg.replaceAll('image-rendering="pixelated"', 'image-rendering="optimizeSpeed"'); // resvg's word for it
  return new Resvg(known, options).render().asPng();
}
