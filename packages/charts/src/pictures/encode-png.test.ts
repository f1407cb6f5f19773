import { crc32, inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { decodePng, sampleImage } from "../../test/picture-checks.ts";
import { encodePng, pngDataUri } from "./encode-png.ts";

test("grey and colour come back as they were", () => {
  for (const channels of [1, 3] as const) {
    const image = sampleImage(3, { height: 3, width: 4, channels });
    const rgba = decodePng(encodePng(image), { width: 4, height: 3 });
    for (let at = 0; at < 12; at++) {
      const expected = [0, 1, 2].map(
        (channel) => image.pixels[at * channels + (channels === 3 ? channel : 0)],
      );
      expect([...rgba.subarray(at * 4, at * 4 + 3)]).toEqual(expected);
    }
  }
});

test("checksums hold and an image above 64 KiB takes several blocks", () => {
  const image = sampleImage(1, { height: 300, width: 250, channels: 1 });
  const png = Buffer.from(encodePng(image));
  const start = png.indexOf("IDAT");
  const length = png.readUInt32BE(start - 4);
  expect(png.readUInt32BE(start + 4 + length)).toBe(crc32(png.subarray(start, start + 4 + length)));
  const rows = inflateSync(png.subarray(start + 4, start + 4 + length)); // checks Adler-32
  expect(rows).toHaveLength(300 * 251);
  expect(rows.subarray(1, 251).equals(image.pixels.subarray(0, 250))).toBe(true);
});

test("the data URI is the file in base64", () => {
  const image = sampleImage(2);
  expect(pngDataUri(image)).toBe(`data:image/png;base64,${Buffer.from(encodePng(image)).toString("base64")}`);
});

test("pixels that do not fit the stated size are refused", () => {
  const image = { pixels: new Uint8Array(5), height: 2, width: 2, channels: 1 } as const;
  expect(() => encodePng(image)).toThrow("image: expected 2 × 2 × 1 = 4 bytes of pixels, got 5.");
});
