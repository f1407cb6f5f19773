import { AtelierError } from "@atelier/engine";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIdxImages, parseIdxLabels, writeIdx } from "./idx.ts";

const pixels = Uint8Array.from({ length: 12 }, (_, index) => index * 20);

describe("round trip", () => {
  test("images of rank 3 and 4 come back as written", () => {
    const dimensions = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 4 });
    const cases = dimensions.chain((sizes) => {
      const length = sizes.reduce((a, b) => a * b, 1);
      return fc.tuple(fc.constant(sizes), fc.uint8Array({ minLength: length, maxLength: length }));
    });
    fc.assert(
      fc.property(cases, ([sizes, elements]) => {
        const images = parseIdxImages(writeIdx(sizes, elements), "x");
        const [count, height, width, channels = 1] = sizes;
        expect(images).toEqual({ count, shape: [height, width, channels], pixels: elements });
      }),
      { seed: 1 },
    );
  });

  test("labels come back as written", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (labels) => {
        expect(parseIdxLabels(writeIdx([labels.length], labels), "x")).toEqual(labels);
      }),
      { seed: 2 },
    );
  });

  test("no cut or grown file is accepted, and none crashes", () => {
    const whole = writeIdx([3, 2, 2], pixels);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length + 20 }), (length) => {
        fc.pre(length !== whole.length);
        const bytes = new Uint8Array(length);
        bytes.set(whole.subarray(0, length));
        expect(() => parseIdxImages(bytes, "x")).toThrow(AtelierError);
      }),
      { seed: 3 },
    );
  });
});

test("the header is the one of MNIST", () => {
  expect([...writeIdx([2, 1, 3], pixels.subarray(0, 6)).subarray(0, 16)]).toEqual([
    0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3,
  ]);
});

test("writing elements that do not fill the dimensions is refused", () => {
  expect(() => writeIdx([2, 2], pixels)).toThrow("dimensions [2, 2] need 4 elements, got 12");
});

describe("what is not right is said in one sentence", () => {
  const images = writeIdx([3, 2, 2], pixels);
  const floats = images.slice();
  floats[2] = 0x0d;
  test.each([
    ["empty file", new Uint8Array(0), "f: the file is empty"],
    ["three bytes", Uint8Array.of(0, 0, 8), "f: not an IDX file"],
    [
      "wrong magic",
      new TextEncoder().encode("PNG, perhaps"),
      "to start with 000008 and the rank, got 504e472c",
    ],
    ["floats", floats, "f: expected elements of type unsigned byte (0x08), got float32"],
    ["cut header", images.subarray(0, 10), "f: truncated: expected a header of 16 bytes, got 10 bytes"],
    ["cut pixels", images.subarray(0, 20), "f: truncated: expected 28 bytes for [3, 2, 2], got 20"],
    ["a byte more", Uint8Array.of(...images, 0), "f: too long: expected 28 bytes for [3, 2, 2], got 29"],
    [
      "labels",
      writeIdx([12], pixels),
      "f: expected images (rank 3 or 4), got rank 1, which is a labels file",
    ],
    ["no images", writeIdx([0, 2, 2], new Uint8Array(0)), "none of them 0, got [0, 2, 2]"],
    ["rank 2", writeIdx([3, 4], pixels), "got [3, 4]"],
  ])("images: %s", (_, bytes, message) => {
    expect(() => parseIdxImages(bytes, "f")).toThrow(message);
  });

  test("labels: an images file and an empty one", () => {
    expect(() => parseIdxLabels(images, "f")).toThrow(
      "f: expected labels (rank 1), got rank 3, which is an images file",
    );
    expect(() => parseIdxLabels(writeIdx([0], new Uint8Array(0)), "f")).toThrow(
      "f: expected labels [N] with N above 0",
    );
  });
});
