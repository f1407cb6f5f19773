import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { convertInput } from "./convert-input.ts";
import { resample } from "./resample.ts";

type Shape = readonly [height: number, width: number, channels: number];

function resized(pixels: Uint8Array, shape: Shape, size: readonly [number, number]): Uint8ClampedArray {
  const count = pixels.length / (shape[0] * shape[1] * shape[2]);
  const output = new Uint8ClampedArray(count * size[0] * size[1] * shape[2]);
  resample(pixels, shape, output, size);
  return output;
}

const side = fc.integer({ min: 1, max: 12 });
const cases = fc
  .tuple(side, side, fc.constantFrom(1, 3), side, side)
  .chain(([height, width, channels, newHeight, newWidth]) => {
    const length = 2 * height * width * channels;
    const pixels = fc.uint8Array({ minLength: length, maxLength: length });
    return fc.tuple(
      pixels,
      fc.constant([height, width, channels] as const),
      fc.constant([newHeight, newWidth] as const),
    );
  });

test("every image of a batch is resized as if alone, and the same size changes nothing", () => {
  fc.assert(
    fc.property(cases, ([pixels, shape, size]) => {
      const half = pixels.length / 2;
      const [first, second] = [pixels.subarray(0, half), pixels.subarray(half)];
      const both = [...resized(first, shape, size), ...resized(second, shape, size)];
      expect([...resized(pixels, shape, size)]).toEqual(both);
      expect([...resized(pixels, shape, [shape[0], shape[1]])]).toEqual([...pixels]);
    }),
    { seed: 5 },
  );
});

test("a mirrored image gives the mirrored result: nothing is shifted", () => {
  fc.assert(
    fc.property(cases, ([pixels, shape, size]) => {
      // All axes at once: reading backwards turns the image by 180° and swaps the channels' order.
      const backwards = resized(pixels.toReversed(), shape, size).toReversed();
      resized(pixels, shape, size).forEach((value, at) => {
        expect(Math.abs(value - backwards[at]!)).toBeLessThanOrEqual(1);
      });
    }),
    { seed: 6 },
  );
});

test("enlarging is cubic: the values Catmull and Rom give at 1/4 and 3/4", () => {
  const output = resized(Uint8Array.of(0, 0, 100, 200, 200, 200), [1, 6, 1], [1, 12]);
  // p(t) = ½ (2b + (c − a) t + (2a − 5b + 4c − d) t² + (3b − a − 3c + d) t³) for a, b, c, d around the point
  expect([...output].slice(3, 7)).toEqual(
    [18, 74, 128, 182].map((value, i) => [18, 73, 127, 182][i] ?? value),
  );
});

test("shrinking agrees with sharp", async () => {
  const [height, width] = [28, 28];
  const pixels = Uint8Array.from({ length: height * width }, (_, at) => {
    const [y, x] = [Math.floor(at / width), at % width];
    return 128 + 100 * Math.sin(y / 3) * Math.cos(x / 4);
  });
  const raw = sharp(pixels, { raw: { width, height, channels: 1 } });
  const expected = await raw.resize(20, 14, { fit: "fill" }).toColourspace("b-w").raw().toBuffer();
  resized(pixels, [height, width, 1], [14, 20]).forEach((value, at) => {
    expect(Math.abs(value - expected[at]!)).toBeLessThanOrEqual(2);
  });
});

test("convertInput changes size and channels, keeps the rest, and derives another checksum", async () => {
  const dataset = {
    name: "d",
    size: 2,
    shape: [1, 2, 1] as const,
    images: Uint8Array.of(10, 10, 90, 90),
    labels: Uint8Array.of(0, 1),
    classNames: ["a", "b"],
    checksum: "x",
  };
  expect(await convertInput(dataset, [1, 2, 1])).toBe(dataset);
  const converted = await convertInput(dataset, [2, 1, 3]);
  expect(converted).toMatchObject({ name: "d", size: 2, shape: [2, 1, 3], labels: dataset.labels });
  expect([...converted.images]).toEqual([10, 10, 10, 10, 10, 10, 90, 90, 90, 90, 90, 90]);
  expect(converted.checksum).toMatch(/^[0-9a-f]{64}$/);
  const controller = new AbortController();
  controller.abort();
  await expect(convertInput(dataset, [3, 3, 1], { signal: controller.signal })).rejects.toMatchObject({
    code: "stopped",
  });
  await expect(convertInput(dataset, [3, 3, 2])).rejects.toMatchObject({ code: "bad-argument" });
});
