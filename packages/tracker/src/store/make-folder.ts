/** Makes folders, and says in words why not. */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { TrackerError } from "../model/tracker-error.ts";

/** By system error code. */
const reasons: Readonly<Record<string, string>> = {
  EEXIST: "a file has this name",
  ENOTDIR: "part of its path is a file",
  ENOENT: "there can be no such folder",
  EROFS: "the file system is read-only",
  EACCES: "the folder above may not be written",
  EPERM: "the folder above may not be written",
  ENOSPC: "the disk is full",
};

/** Makes a folder and those above it where there are none. Throws cannot-write. */
export function makeFolder(path: string): void {
  try {
    makeEach(path);
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    throw new TrackerError(
      "cannot-write",
      `${path}: the folder cannot be made: ${reasons[code] ?? message}.`,
      {
        cause,
      },
    );
  }
}

/** Not mkdir's `recursive`, which never returns where folders cannot be made, as in /proc. */
function makeEach(path: string): void {
  try {
    makeOne(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    makeEach(dirname(path));
    makeOne(path);
  }
}

function makeOne(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
