/** One way in: a dataset by name, a folder of IDX files, or a folder of images. */
import { readdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { AtelierError, type ImageDataset, nearestName } from "@atelier/engine";
import { convertInput } from "./folders/convert-input.ts";
import { type ImageFolderOptions, readImageFolder } from "./folders/image-folder.ts";
import type { SkippedFile } from "./folders/list-images.ts";
import { idxRoleOf } from "./idx/idx-file.ts";
import { readIdxFolder } from "./idx/idx-folder.ts";
import { loadFashionMnist, type SourceOptions } from "./sources/fashion-mnist.ts";

/** SourceOptions apply to datasets known by name, ImageFolderOptions to folders of images, `input` to all. */
export interface OpenDatasetOptions extends SourceOptions, ImageFolderOptions {
  /** [height, width, channels] to bring every image to; for folders of images it stands for `size` and `channels`. */
  readonly input?: readonly [height: number, width: number, channels: number] | undefined;
}

/** A dataset's parts as they came, before any validation split; `skipped` names files that were left out. */
export interface OpenedDataset {
  readonly train: ImageDataset;
  readonly test?: ImageDataset;
  readonly skipped: readonly SkippedFile[];
}

const namedDatasets = ["fashion-mnist"] as const;

/**
 * Opens "fashion-mnist", or a folder with an IDX pair or quartet, `<class>/…` or `{train,test}/<class>/…`.
 * Throws "no-data" for an unknown name or a folder with neither, and what fashionMnist, readIdxFolder and
 * readImageFolder throw.
 */
export async function openDataset(
  nameOrFolder: string,
  options: OpenDatasetOptions = {},
): Promise<OpenedDataset> {
  if (nameOrFolder === "fashion-mnist") return convertParts(await loadFashionMnist(options), options);
  const folder = resolve(nameOrFolder);
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new AtelierError("no-data", unknownDataset(nameOrFolder, folder), { cause });
  });
  const name = basename(folder);
  const fileNames = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  if (fileNames.some((fileName) => idxRoleOf(fileName))) {
    return convertParts(await readIdxFolder(folder, fileNames, name), options);
  }
  if (entries.length === fileNames.length && !entries.some((entry) => entry.isSymbolicLink())) {
    throw new AtelierError(
      "no-data",
      `${folder}: expected IDX files (train-images-idx3-ubyte, …) or one folder of images a class, found neither`,
    );
  }
  const { input } = options;
  const toInput = input && { size: [input[0], input[1]] as const, channels: input[2] };
  return readImageFolder(folder, name, { ...options, ...toInput });
}

async function convertParts(
  { train, test }: { readonly train: ImageDataset; readonly test?: ImageDataset },
  options: OpenDatasetOptions,
): Promise<OpenedDataset> {
  const { input } = options;
  const convert = async (part: ImageDataset) => (input ? await convertInput(part, input, options) : part);
  return { train: await convert(train), ...(test && { test: await convert(test) }), skipped: [] };
}

function unknownDataset(nameOrFolder: string, folder: string): string {
  const nearest = nearestName(nameOrFolder, namedDatasets);
  const hint =
    nearest === undefined ? `known names: ${namedDatasets.join(", ")}` : `did you mean "${nearest}"?`;
  return `dataset "${nameOrFolder}": no dataset of this name and no folder ${folder}; ${hint}`;
}
