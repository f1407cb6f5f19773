import { expect, test } from "vitest";
import { decodePng } from "../test/picture-checks.ts";
import { svgPage, svgText } from "./svg/elements.ts";
import { svgToPng } from "./svg-to-png.ts";

const page = { width: 60, height: 20, theme: "light", label: "test" } as const;

async function darkPixels(children: readonly string[], scale: number): Promise<number> {
  const png = await svgToPng(svgPage(page, children), { scale });
  const size = { width: page.width * scale, height: page.height * scale };
  expect([Buffer.from(png).readUInt32BE(16), Buffer.from(png).readUInt32BE(20)]).toEqual([
    size.width,
    size.height,
  ]);
  const rgba = decodePng(png, size);
  return rgba.filter((value, at) => at % 4 === 0 && value < 128).length;
}

test("text is drawn with the fonts that we ship, bold ones darker", async () => {
  const text = { x: 4, y: 14, size: 12, colour: "#000000" };
  const regular = await darkPixels([svgText("Shirt", text)], 2);
  const bold = await darkPixels([svgText("Shirt", { ...text, weight: "bold" })], 2);
  expect(await darkPixels([], 2)).toBe(0);
  expect(regular).toBeGreaterThan(100);
  expect(bold).toBeGreaterThan(1.2 * regular);
});

test("the same picture is the same file", async () => {
  const svg = svgPage(page, []);
  expect(await svgToPng(svg, { scale: 1 })).toEqual(await svgToPng(svg, { scale: 1 }));
});

test("what is not SVG is refused", async () => {
  await expect(svgToPng("<svg")).rejects.toThrow();
});
