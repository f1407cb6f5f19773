import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openDataset } from "../open-dataset.ts";
import { writeIdx } from "./idx.ts";
import { idxRoleOf } from "./idx-file.ts";

const images = (count: number) =>
  writeIdx(
    [count, 2, 2],
    Uint8Array.from({ length: count * 4 }, (_, i) => i),
  );
const labels = (...values: number[]) => writeIdx([values.length], Uint8Array.from(values));

async function folderOf(files: { readonly [name: string]: Uint8Array | string }): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

test.each([
  ["train-images-idx3-ubyte", "train", "images"],
  ["train-labels.idx1-ubyte.gz", "train", "labels"],
  ["t10k-images-idx3-ubyte.gz", "test", "images"],
  ["test-labels-idx1-ubyte", "test", "labels"],
  ["emnist-letters-train-images-idx3-ubyte.gz", "train", "images"],
  ["images-idx4-ubyte", "train", "images"],
])("%s is recognised", (name, part, kind) => {
  expect(idxRoleOf(name)).toEqual({ part, kind });
});

test.each(["readme.txt", "train.csv", "images.zip", "labels.txt", "validation-images-idx3-ubyte"])(
  "%s is no IDX file",
  (name) => {
    expect(idxRoleOf(name)).toBeUndefined();
  },
);

test("a quartet, some of it gzipped, is read with the class names beside it", async () => {
  const folder = await folderOf({
    "train-images-idx3-ubyte.gz": gzipSync(images(3)),
    "train-labels-idx1-ubyte": labels(0, 2, 1),
    "t10k-images.idx3-ubyte": images(2),
    "t10k-labels.idx1-ubyte.gz": gzipSync(labels(2, 2)),
    "classes.txt": "cat\ndog\r\nowl\n\n",
  });
  const { train, test, skipped } = await openDataset(folder);
  expect(train).toMatchObject({ size: 3, shape: [2, 2, 1], classNames: ["cat", "dog", "owl"] });
  expect([...train.images]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect([...test!.labels]).toEqual([2, 2]);
  expect(skipped).toEqual([]);
});

test("the checksum does not depend on compression, but on content", async () => {
  const plain = await openDataset(
    await folderOf({ "images-idx3-ubyte": images(2), "labels-idx1-ubyte": labels(0, 1) }),
  );
  const zipped = await openDataset(
    await folderOf({
      "images-idx3-ubyte.gz": gzipSync(images(2)),
      "labels-idx1-ubyte.gz": gzipSync(labels(0, 1)),
    }),
  );
  const other = await openDataset(
    await folderOf({ "images-idx3-ubyte": images(2), "labels-idx1-ubyte": labels(1, 0) }),
  );
  expect(plain.train.checksum).toMatch(/^[0-9a-f]{64}$/);
  expect(zipped.train.checksum).toBe(plain.train.checksum);
  expect(other.train.checksum).not.toBe(plain.train.checksum);
  expect(plain.train.classNames).toEqual(["0", "1"]);
});

test("colour images of rank 4 and their grey twin through `input`", async () => {
  const pixels = Uint8Array.from([255, 0, 0, 10, 10, 10]);
  const folder = await folderOf({
    "train-images-idx4-ubyte": writeIdx([1, 1, 2, 3], pixels),
    "train-labels-idx1-ubyte": labels(0),
  });
  expect((await openDataset(folder)).train.shape).toEqual([1, 2, 3]);
  const { train } = await openDataset(folder, { input: [1, 2, 1] });
  expect(train.shape).toEqual([1, 2, 1]);
  expect([...train.images]).toEqual([76, 10]);
});

const pair = { "train-images-idx3-ubyte": images(2), "train-labels-idx1-ubyte": labels(0, 1) };
test.each([
  ["counts differ", { ...pair, "train-labels-idx1-ubyte": labels(0) }, "has 2 images, but"],
  [
    "files swapped",
    { "train-images-idx3-ubyte": labels(0), "train-labels-idx1-ubyte": images(1) },
    "is a labels file",
  ],
  ["no labels file", { "train-images-idx3-ubyte": images(2) }, "no train labels file"],
  [
    "two of a kind",
    { ...pair, "other-train-images-idx3-ubyte": images(2) },
    "expected one train images file, found",
  ],
  [
    "too few classes",
    { ...pair, "classes.txt": "only one\n" },
    "label 1 at index 1 is out of range: there are 1 classes",
  ],
  [
    "a damaged training label",
    { "images-idx3-ubyte": images(4), "labels-idx1-ubyte": labels(1, 77, 2, 3) },
    "training label 77 at index 1 is out of range: no image has label 4; number the classes without a gap",
  ],
  ["a class twice", { ...pair, "classes.txt": "a\na\n" }, 'the class name "a" occurs twice'],
  [
    "cut gzip",
    { ...pair, "train-labels-idx1-ubyte": gzipSync(labels(0, 1)).subarray(0, 20) },
    "damaged gzip stream",
  ],
  [
    "test of another size",
    {
      ...pair,
      "t10k-images-idx3-ubyte": writeIdx([1, 1, 1], Uint8Array.of(1)),
      "t10k-labels-idx1-ubyte": labels(0),
    },
    "the test images are [1, 1, 1], the training images [2, 2, 1]",
  ],
  [
    "a test label without class",
    { ...pair, "t10k-images-idx3-ubyte": images(1), "t10k-labels-idx1-ubyte": labels(7) },
    "label 7 at index 0 is out of range: there are 2 classes, 0 to 1",
  ],
])("refused: %s", async (_, files: { readonly [name: string]: Uint8Array | string }, message) => {
  await expect(openDataset(await folderOf(files))).rejects.toThrow(message);
});

test("a plain file wins over its gzipped twin", async () => {
  const folder = await folderOf({ ...pair, "train-labels-idx1-ubyte.gz": gzipSync(labels(1, 1)) });
  expect([...(await openDataset(folder)).train.labels]).toEqual([0, 1]);
});
