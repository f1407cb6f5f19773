import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { numberedDataset, originalIndices } from "../../test/numbered-dataset.ts";
import { limitDataset, splitValidation } from "./split.ts";
import { countByClass, shareOut } from "./stratify.ts";

const datasets = fc
  .array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 400 })
  .map((labels) => numberedDataset(labels, 5));
const seeds = fc.nat({ max: 2 ** 40 });

describe("splitValidation", () => {
  test("parts share no image, leave none out, keep labels, order and each class's share", () => {
    fc.assert(
      fc.property(
        datasets,
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        seeds,
        (dataset, fraction, seed) => {
          const count = Math.round(dataset.size * fraction);
          fc.pre(count > 0 && count < dataset.size);
          const { train, validation } = splitValidation(dataset, { fraction, seed });
          const [kept, heldOut] = [originalIndices(train), originalIndices(validation)];
          expect(heldOut.length).toBe(count);
          expect([...kept, ...heldOut].sort((a, b) => a - b)).toEqual([...dataset.labels.keys()]);
          for (const part of [train, validation]) {
            const indices = originalIndices(part);
            expect(indices).toEqual(indices.toSorted((a, b) => a - b));
            expect([...part.labels]).toEqual(indices.map((index) => dataset.labels[index]));
            expect(part.size).toBe(indices.length);
          }
          const all = countByClass(dataset);
          countByClass(validation).forEach((held, index) => {
            expect(Math.abs(held - (all[index]! * count) / dataset.size)).toBeLessThan(1);
          });
        },
      ),
      { seed: 4 },
    );
  });

  test("the same seed gives the same split, another seed another one", () => {
    const dataset = numberedDataset(
      Array.from({ length: 300 }, (_, index) => index % 3),
      3,
    );
    const first = splitValidation(dataset, { seed: 7 });
    expect(splitValidation(dataset, { seed: 7 })).toEqual(first);
    const other = splitValidation(dataset, { seed: 8 });
    expect(originalIndices(other.validation)).not.toEqual(originalIndices(first.validation));
    expect(other.validation.checksum).not.toBe(first.validation.checksum);
    expect(countByClass(first.validation)).toEqual([10, 10, 10]);
  });

  test("a split stays as it is from version to version", () => {
    const dataset = numberedDataset(
      Array.from({ length: 40 }, (_, index) => index % 2),
      2,
    );
    expect(
      originalIndices(splitValidation(dataset, { fraction: 0.2, seed: 1 }).validation),
    ).toMatchInlineSnapshot(`
      [
        6,
        9,
        12,
        21,
        22,
        26,
        29,
        33,
      ]
    `);
  });

  test.each([0, 1, -0.1, Number.NaN, 0.01])("a fraction of %s of ten images is refused", (fraction) => {
    const dataset = numberedDataset([0, 1, 0, 1, 0, 1, 0, 1, 0, 1], 2);
    expect(() => splitValidation(dataset, { fraction, seed: 1 })).toThrow(
      "both parts need at least one image",
    );
  });

  test("the dataset stays as it was, also when its labels are a Buffer", () => {
    const plain = numberedDataset([2, 0, 1, 2, 1, 0, 2, 1, 0, 1], 3);
    const dataset = { ...plain, images: Buffer.from(plain.images), labels: Buffer.from(plain.labels) };
    splitValidation(dataset, { fraction: 0.3, seed: 1 });
    expect([...dataset.labels]).toEqual([...plain.labels]);
    expect([...dataset.images]).toEqual([...plain.images]);
  });

  test("60,000 images are split in a fraction of a second", () => {
    const size = 60_000;
    const dataset = {
      ...numberedDataset([], 10),
      size,
      shape: [28, 28, 1] as const,
      images: new Uint8Array(size * 784),
      labels: Uint8Array.from({ length: size }, (_, index) => index % 10),
    };
    const start = performance.now();
    splitValidation(dataset, { seed: 1 });
    expect(performance.now() - start).toBeLessThan(2000); // 70 ms alone; wide, as tests share the machine
  });
});

describe("limitDataset", () => {
  test("keeps the balance of classes and is the dataset itself when that has no more", () => {
    const dataset = numberedDataset(
      Array.from({ length: 90 }, (_, index) => (index < 60 ? 0 : 1)),
      2,
    );
    expect(countByClass(limitDataset(dataset, 30, 1))).toEqual([20, 10]);
    expect(limitDataset(dataset, 90, 1)).toBe(dataset);
    expect(limitDataset(dataset, 30, 1)).toEqual(limitDataset(dataset, 30, 1));
  });

  test.each([0, -1, 1.5])("%s images are refused", (count) => {
    expect(() => limitDataset(numberedDataset([0], 1), count, 1)).toThrow(
      "expected a number of images above 0",
    );
  });
});

test("shares add up and are exact values rounded up or down", () => {
  expect(shareOut([1, 1, 1], 2)).toEqual([1, 1, 0]);
  expect(shareOut([6000, 6000, 3], 1200)).toEqual([600, 600, 0]);
});
