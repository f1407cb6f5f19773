/** Where downloaded data is kept between runs, and how files get there whole or not at all. */
import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

/** $XDG_CACHE_HOME/atelier when that is an absolute path, otherwise ~/.cache/atelier. */
export function defaultCacheFolder(env: { readonly [name: string]: string | undefined } = {}): string {
  const { XDG_CACHE_HOME: xdg } = env;
  return join(xdg && isAbsolute(xdg) ? xdg : join(env.HOME || homedir(), ".cache"), "atelier");
}

/** Writes beside `path` and renames, so that a reader, or a crash, never sees a part of the file. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await writeFile(partial, bytes, { flag: "wx" });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
