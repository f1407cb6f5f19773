/** Fashion-MNIST (Xiao, Rasul & Vollgraf 2017, MIT licence): what it consists of and where it is looked for. */
import { join } from "node:path";
import { AtelierError, type ImageDataset } from "@atelier/engine";
import { parseIdxPair } from "../idx/idx-folder.ts";
import type { DataProgress } from "../progress.ts";
import { splitValidation } from "../subsets/split.ts";
import { defaultCacheFolder } from "./cache-folder.ts";
import { collectFiles } from "./collect-files.ts";
import type { DataFile, DataSource } from "./data-source.ts";
import { debianPackageSource } from "./debian-package-source.ts";
import { folderSource } from "./folder-source.ts";
import { mirrorSource } from "./mirror-source.ts";

/** Where to look for a dataset known by name; every source has a default. */
export interface SourceOptions {
  /** Looked in first, itself and its subfolder named after the dataset. */
  readonly folder?: string | undefined;
  /** Where downloads are kept, in a subfolder named after the dataset; default defaultCacheFolder(). */
  readonly cacheFolder?: string | undefined;
  /** Where Debian's package installs the files; default "/usr/share/datasets/fashion-mnist". */
  readonly debianFolder?: string | undefined;
  /** Web addresses with the gzipped files, tried in order; default fashionMnistMirrors. */
  readonly mirrors?: readonly string[] | undefined;
  /** When false, neither mirrors nor apt-get are asked; default true. */
  readonly allowNetwork?: boolean | undefined;
  readonly onProgress?: ((progress: DataProgress) => void) | undefined;
  /** Told in a sentence about sources that failed and files that could not be cached. */
  readonly onNotice?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** SourceOptions, and how the training images are split. */
export interface FashionMnistOptions extends SourceOptions {
  /** Share of the 60,000 training images held out for validation; default 0.1. */
  readonly validationFraction?: number;
  /** Seed of the split; default 0. */
  readonly seed?: number;
}

/** Training, validation and test set; the first two are parts of the official training set. */
export interface FashionMnist {
  readonly train: ImageDataset;
  readonly validation: ImageDataset;
  readonly test: ImageDataset;
}

/** Names of the classes 0–9. */
export const fashionMnistClasses: readonly string[] = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

/** The authors' bucket and repository, and Keras's copy. The checksum, not the host, decides what is accepted. */
export const fashionMnistMirrors: readonly string[] = [
  "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
  "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
  "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
];

const debianFolderDefault = "/usr/share/datasets/fashion-mnist";

/** Small ones first: a mirror that does not work is noticed early. */
export const fashionMnistFiles = {
  testLabels: {
    name: "t10k-labels-idx1-ubyte",
    sizeBytes: 10_008,
    sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
  },
  trainLabels: {
    name: "train-labels-idx1-ubyte",
    sizeBytes: 60_008,
    sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
  },
  testImages: {
    name: "t10k-images-idx3-ubyte",
    sizeBytes: 7_840_016,
    sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
  },
  trainImages: {
    name: "train-images-idx3-ubyte",
    sizeBytes: 47_040_016,
    sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
  },
} as const satisfies { readonly [part: string]: DataFile };

/**
 * Fashion-MNIST, 28 × 28 × 1: 54,000 training, 6,000 validation (stratified, seeded) and 10,000 test images.
 * Looks in `folder`, the cache, Debian's folder, the mirrors, and Debian's package; every file is verified by
 * SHA-256. Throws "no-data" with all that was tried, "stopped" when the signal aborts.
 */
export async function fashionMnist(options: FashionMnistOptions = {}): Promise<FashionMnist> {
  const { validationFraction = 0.1, seed = 0, ...sources } = options;
  const { train, test } = await loadFashionMnist(sources);
  return { ...splitValidation(train, { fraction: validationFraction, seed }), test };
}

/** The official 60,000 training and 10,000 test images; looks and throws as fashionMnist does. */
export async function loadFashionMnist(
  options: SourceOptions,
): Promise<{ train: ImageDataset; test: ImageDataset }> {
  const cacheFolder = join(options.cacheFolder ?? defaultCacheFolder(), "fashion-mnist");
  const content = await collectFiles({
    title: "Fashion-MNIST",
    files: Object.values(fashionMnistFiles),
    sources: sourcesInOrder(options, cacheFolder),
    cacheFolder,
    signal: options.signal,
    onNotice: options.onNotice,
  });
  const pair = (images: DataFile, labels: DataFile) =>
    parseIdxPair(
      {
        images: { source: images.name, bytes: content.get(images.name)! },
        labels: { source: labels.name, bytes: content.get(labels.name)! },
      },
      { name: "fashion-mnist", classNames: fashionMnistClasses },
    );
  const { trainImages, trainLabels, testImages, testLabels } = fashionMnistFiles;
  return { train: pair(trainImages, trainLabels), test: pair(testImages, testLabels) };
}

function sourcesInOrder(options: SourceOptions, cacheFolder: string): DataSource[] {
  const {
    folder,
    debianFolder = debianFolderDefault,
    mirrors = fashionMnistMirrors,
    allowNetwork = true,
  } = options;
  return [
    ...(folder
      ? [folderSource(`the folder ${folder}`, "named", [folder, join(folder, "fashion-mnist")])]
      : []),
    folderSource("the cache", "cache", [cacheFolder]),
    folderSource("Debian's folder", "outside", [debianFolder]),
    ...(allowNetwork
      ? [
          ...mirrors.map((url) => mirrorSource(url, options)),
          debianPackageSource({
            packageName: "dataset-fashion-mnist",
            folder: debianFolderDefault,
            signal: options.signal,
          }),
        ]
      : [refusedSource("mirrors and apt-get", "the network may not be used")]),
  ];
}

function refusedSource(label: string, reason: string): DataSource {
  return { label, kind: "outside", read: () => Promise.reject(new AtelierError("no-data", reason)) };
}
