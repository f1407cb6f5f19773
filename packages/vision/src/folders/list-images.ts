/** Finds the images of `root/class/…` or `root/{train,test}/class/…`, in sorted order, without leaving `root`. */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { AtelierError } from "@atelier/engine";

/** A file that was left out, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/** One image to decode and the class folder it is in. */
export interface ListedImage {
  readonly path: string;
  readonly className: string;
}

/** The images of one part, and the names of its class folders. */
export interface ListedPart {
  readonly classNames: readonly string[];
  readonly images: readonly ListedImage[];
}

/** What a folder holds; `test` is there when the folder has train/ and test/. */
export interface ImageListing {
  readonly train: ListedPart;
  readonly test?: ListedPart;
  readonly skipped: readonly SkippedFile[];
  /** Folders beside train/ and test/ that are not used. */
  readonly unused: readonly string[];
}

const readExtensions = [".png", ".jpg", ".jpeg", ".webp"];
const otherImageExtensions = [".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".svg"];

/**
 * Lists the images. A folder `train` that itself has folders makes train/ (and test/, if present) the parts;
 * otherwise every folder in `root` is a class. Hidden entries are ignored, links that lead out of `root` are skipped.
 * Throws "bad-file" when there are fewer than two class folders.
 */
export async function listImages(root: string): Promise<ImageListing> {
  const walk: Walk = { root: await realpath(root), skipped: [] };
  const top = await foldersIn(root, walk);
  const isSplit = top.includes("train") && (await foldersIn(join(root, "train"), walk)).length > 0;
  if (!isSplit) return { train: await listPart(root, walk), skipped: walk.skipped, unused: [] };
  const train = await listPart(join(root, "train"), walk);
  const unused = top.filter((name) => name !== "train" && name !== "test");
  if (!top.includes("test")) return { train, skipped: walk.skipped, unused };
  return { train, test: await listPart(join(root, "test"), walk), skipped: walk.skipped, unused };
}

interface Walk {
  /** The real path of the folder that is not left. */
  readonly root: string;
  readonly skipped: SkippedFile[];
}

async function listPart(folder: string, walk: Walk): Promise<ListedPart> {
  const classNames = await foldersIn(folder, walk);
  if (classNames.length < 2) {
    const found = classNames.length === 0 ? "none" : `only "${classNames[0]}"`;
    throw new AtelierError(
      "bad-file",
      `${folder}: expected at least two folders, one a class, found ${found}`,
    );
  }
  const images: ListedImage[] = [];
  for (const className of classNames) {
    for (const path of await imagesIn(join(folder, className), walk)) images.push({ path, className });
  }
  return { classNames, images };
}

async function foldersIn(folder: string, walk: Walk): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await sortedEntries(folder)) {
    if ((await kindOf(entry, walk)) === "folder") names.push(entry.name);
  }
  return names;
}

/** Images in the folder and in folders below it; linked folders are not entered, so there are no cycles. */
async function imagesIn(folder: string, walk: Walk): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await sortedEntries(folder)) {
    const path = join(folder, entry.name);
    const kind = await kindOf(entry, walk);
    const extension = extname(entry.name).toLowerCase();
    if (kind === "folder" && entry.isSymbolicLink())
      walk.skipped.push({ path, reason: "a link to a folder" });
    else if (kind === "folder") paths.push(...(await imagesIn(path, walk)));
    else if (kind === "file" && readExtensions.includes(extension)) paths.push(path);
    else if (kind === "file" && otherImageExtensions.includes(extension)) {
      walk.skipped.push({ path, reason: `${extension} is not read: expected PNG, JPEG or WebP` });
    }
  }
  return paths;
}

/** What an entry is once links inside the root are followed; undefined for anything else. */
async function kindOf(entry: Dirent, walk: Walk): Promise<"file" | "folder" | undefined> {
  if (entry.isDirectory()) return "folder";
  if (entry.isFile()) return "file";
  if (!entry.isSymbolicLink()) return undefined;
  const path = join(entry.parentPath, entry.name);
  const target = await realpath(path).catch(() => undefined);
  if (target?.startsWith(walk.root + sep)) return (await stat(target)).isDirectory() ? "folder" : "file";
  const reason = target ? "a link that leads out of the folder" : "a link that leads nowhere";
  if (!walk.skipped.some((skipped) => skipped.path === path)) walk.skipped.push({ path, reason });
  return undefined;
}

/** Entries by name in code-unit order, the same on every machine; hidden ones and __MACOSX left out. */
async function sortedEntries(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new AtelierError("bad-file", `${folder}: cannot be read: ${cause.message}`, { cause });
  });
  const visible = entries.filter((entry) => !entry.name.startsWith(".") && entry.name !== "__MACOSX");
  return visible.sort((a, b) => (a.name < b.name ? -1 : 1));
}
