/** A folder with an IDX pair (images and labels) or quartet (the same for train and for test). */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AtelierError, type ImageDataset } from "@atelier/engine";
import { type IdxImages, parseIdxImages, parseIdxLabels } from "./idx.ts";
import { idxRoleOf, readPlainOrGzipped } from "./idx-file.ts";

/** What an IDX folder holds: a quartet has a test set, a pair has none. */
export interface IdxFolder {
  readonly train: ImageDataset;
  readonly test?: ImageDataset;
}

/** The uncompressed bytes of an images file and its labels file, with the names to use in messages. */
export interface IdxPairBytes {
  readonly images: { readonly source: string; readonly bytes: Uint8Array };
  readonly labels: { readonly source: string; readonly bytes: Uint8Array };
}

/**
 * Reads the folder's IDX files; class names come from classes.txt or labels.txt (one a line), otherwise they are
 * "0" … "n-1" with n from the training labels. Throws "bad-file" for files that are missing, ambiguous, damaged,
 * swapped, of differing counts, or that hold a label without a class; without written names also for training labels
 * between the lowest and the highest that never occur, as a damaged label leaves them.
 */
export async function readIdxFolder(
  folder: string,
  fileNames: readonly string[],
  name: string,
): Promise<IdxFolder> {
  const written = await readClassNames(folder, fileNames);
  const train = parseIdxPair(await readPair(folder, fileNames, "train"), { name, classNames: written });
  if (written === undefined) expectNoGap(folder, train);
  const hasTest = fileNames.some((fileName) => idxRoleOf(fileName)?.part === "test");
  if (!hasTest) return { train };
  const test = parseIdxPair(await readPair(folder, fileNames, "test"), {
    name,
    classNames: train.classNames,
  });
  if (String(test.shape) !== String(train.shape)) {
    throw badFile(
      `${folder}: the test images are [${test.shape.join(", ")}], the training images [${train.shape.join(", ")}]`,
    );
  }
  return { train, test };
}

function expectNoGap(folder: string, { labels, classNames }: ImageDataset): void {
  const present = new Set(labels);
  const lowest = Math.min(...present);
  const gap = classNames.findIndex((_, label) => label > lowest && !present.has(label));
  if (gap < 0) return;
  const index = labels.findIndex((label) => label > gap);
  throw badFile(
    `${folder}: training label ${labels[index]} at index ${index} is out of range: no image has label ${gap}; number the classes without a gap, or name them all in classes.txt`,
  );
}

/**
 * A dataset from the bytes of one IDX pair. Its checksum is the SHA-256 of the two files' SHA-256 (hex, one after
 * the other), so it does not depend on compression. Throws "bad-file" as readIdxFolder does.
 */
export function parseIdxPair(
  { images, labels }: IdxPairBytes,
  options: { readonly name: string; readonly classNames?: readonly string[] | undefined },
): ImageDataset {
  const parsed: IdxImages = parseIdxImages(images.bytes, images.source);
  const classes = parseIdxLabels(labels.bytes, labels.source);
  if (parsed.count !== classes.length) {
    throw badFile(
      `${images.source} has ${parsed.count} images, but ${labels.source} has ${classes.length} labels: they do not belong together`,
    );
  }
  const highest = classes.reduce((max, label) => Math.max(max, label), 0);
  const classNames = options.classNames ?? Array.from({ length: highest + 1 }, (_, index) => String(index));
  if (highest >= classNames.length) {
    const index = classes.findIndex((label) => label >= classNames.length);
    throw badFile(
      `${labels.source}: label ${classes[index]} at index ${index} is out of range: there are ${classNames.length} classes, 0 to ${classNames.length - 1}`,
    );
  }
  return {
    name: options.name,
    size: parsed.count,
    shape: parsed.shape,
    images: parsed.pixels,
    labels: classes,
    classNames,
    checksum: sha256(sha256(images.bytes) + sha256(labels.bytes)),
  };
}

async function readPair(
  folder: string,
  fileNames: readonly string[],
  part: "train" | "test",
): Promise<IdxPairBytes> {
  const read = async (kind: "images" | "labels") => {
    const source = join(folder, chooseFile(folder, fileNames, part, kind));
    return { source, bytes: await readPlainOrGzipped(source) };
  };
  const [images, labels] = await Promise.all([read("images"), read("labels")]);
  return { images, labels };
}

/** The one file of that role; a plain file wins over its own gzipped twin. */
function chooseFile(folder: string, fileNames: readonly string[], part: string, kind: string): string {
  const matches = fileNames.filter((fileName) => {
    const role = idxRoleOf(fileName);
    return role?.part === part && role.kind === kind;
  });
  const distinct = matches.filter(
    (fileName) => !matches.includes(fileName.replace(/\.gz$/i, "")) || !/\.gz$/i.test(fileName),
  );
  if (distinct.length === 1) return distinct[0]!;
  if (distinct.length > 1) {
    throw badFile(`${folder}: expected one ${part} ${kind} file, found ${distinct.join(" and ")}`);
  }
  throw badFile(
    `${folder}: no ${part} ${kind} file, for example ${part}-${kind}-idx${kind === "images" ? 3 : 1}-ubyte.gz`,
  );
}

async function readClassNames(folder: string, fileNames: readonly string[]): Promise<string[] | undefined> {
  const file = ["classes.txt", "labels.txt"].find((fileName) => fileNames.includes(fileName));
  if (!file) return undefined;
  const lines = (await readFile(join(folder, file), "utf8")).split(/\r?\n/).map((line) => line.trim());
  const names = lines.filter((line) => line !== "");
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badFile(`${join(folder, file)}: the class name "${twice}" occurs twice`);
  if (names.length === 0) throw badFile(`${join(folder, file)}: no class names in it, expected one a line`);
  return names;
}

function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

function badFile(message: string): AtelierError {
  return new AtelierError("bad-file", message);
}
