/**
 * Replaces a file whole or not at all: a crash, a full disk or a second writer never leaves half a file under
 * its name, and what a finished call wrote survives a power cut.
 */
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AtelierError } from "../error.ts";

/** Why a file could not be written, by system error code. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than allowed",
  EROFS: "the file system is read-only",
  EACCES: "its folder may not be written",
  EPERM: "its folder may not be written",
  ENOENT: "its folder does not exist",
  ENOTDIR: "part of its path is a file",
  EISDIR: "a folder has this name",
  EEXIST: "a file has this name",
};

/** A system error in words: why something could not be written. */
export function whyNotWritten(cause: unknown): string {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  return reasons[code] ?? message;
}

/**
 * Writes `bytes` to a temporary file beside `path`, flushes it, and renames it to `path`. Throws cannot-write, with
 * nothing left behind and an earlier file of that name unchanged.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.tmp`);
  await expectReplaceable(path);
  try {
    await writeFlushed(temporary, bytes);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
    throw new AtelierError(
      "cannot-write",
      `cannot write ${path}: ${whyNotWritten(cause)}; an earlier file of that name is unchanged.`,
      { cause },
    );
  }
  await flushFolder(dirname(path));
}

/** Throws cannot-write when something stands at `path` that a new file must not take the place of, as a device. */
export async function expectReplaceable(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined || there.isFile() || there.isDirectory()) return; // a folder refuses by itself
  throw new AtelierError(
    "cannot-write",
    `cannot write ${path}: it is a device or a pipe, which a file would replace. Give the name of a file.`,
  );
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "wx");
  await file.writeFile(bytes);
  await file.sync();
}

/** Makes the new name durable. Windows cannot flush folders and does not need to. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using folder = await open(path, "r");
  await folder.sync();
}
