/** Makes folders, and says in words why not. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { AtelierError } from "../error.ts";
import { whyNotWritten } from "./write-file-atomic.ts";

/** Makes a folder and those above it; whether it is new. Throws cannot-write. */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    return await makeEach(resolve(path));
  } catch (cause) {
    throw new AtelierError(
      "cannot-write",
      `cannot make the folder ${path}: ${whyNotWritten(cause)}; choose another.`,
      { cause },
    );
  }
}

/** Not mkdir's `recursive`, which calls a read-only file system a missing folder. */
async function makeEach(path: string): Promise<boolean> {
  try {
    return await makeOne(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
  }
  await makeEach(dirname(path));
  return makeOne(path);
}

/** Whether the folder is new; its parent must exist. */
async function makeOne(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && (await stat(path)).isDirectory()) return false;
    throw error;
  }
}
