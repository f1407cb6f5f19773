import { expect, test } from "vitest";
import { sampleImage } from "../../test/picture-checks.ts";
import { shrinkImage } from "./image-pixels.ts";

test("an image that is small enough stays", () => {
  const image = sampleImage(1);
  expect(shrinkImage(image, 7)).toBe(image);
});

test("a larger one becomes the means of its blocks, a narrower block at the edge", () => {
  const image = { pixels: Uint8Array.of(0, 10, 40, 20, 30, 60), height: 2, width: 3, channels: 1 } as const;
  expect(shrinkImage(image, 2)).toEqual({ pixels: Uint8Array.of(15, 50), height: 1, width: 2, channels: 1 });
});

test("channels are kept apart", () => {
  const image = {
    pixels: Uint8Array.of(0, 100, 200, 10, 110, 210),
    height: 1,
    width: 2,
    channels: 3,
  } as const;
  expect(shrinkImage(image, 1).pixels).toEqual(Uint8Array.of(5, 105, 205));
});
