import { expect, test } from "vitest";
import { describeDataset } from "./describe.ts";

test("counts, shares, and mean and deviation of each channel", () => {
  const description = describeDataset({
    name: "two",
    size: 2,
    shape: [1, 1, 3],
    images: Uint8Array.of(0, 255, 51, 255, 255, 51),
    labels: Uint8Array.of(1, 1),
    classNames: ["a", "b"],
    checksum: "c",
  });
  expect(description).toEqual({
    name: "two",
    size: 2,
    shape: [1, 1, 3],
    checksum: "c",
    classes: [
      { name: "a", count: 0, share: 0 },
      { name: "b", count: 2, share: 1 },
    ],
    mean: [0.5, 1, 0.2],
    standardDeviation: [0.5, 0, 0],
  });
  expect(JSON.parse(JSON.stringify(description))).toEqual(description);
});
