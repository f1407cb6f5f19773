/** A folder as a source of files, each plain or gzipped. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { AtelierError } from "@atelier/engine";
import { type DataFile, type DataSource, verifyFile } from "./data-source.ts";

/** Looks in the given folders, in order, for `name` and `name.gz`; the first that is the expected file wins. */
export function folderSource(
  label: string,
  kind: DataSource["kind"],
  folders: readonly string[],
): DataSource {
  return { label, kind, read: (file) => readFirstVerified(file, folders) };
}

async function readFirstVerified(file: DataFile, folders: readonly string[]): Promise<Uint8Array> {
  let failure: AtelierError | undefined;
  for (const folder of folders) {
    const present = await readdir(folder).catch(() => undefined);
    if (!present) {
      failure ??= new AtelierError("no-data", `${folder} is not a readable folder`);
      continue;
    }
    for (const name of [file.name, `${file.name}.gz`].filter((candidate) => present.includes(candidate))) {
      try {
        return await readVerified(file, join(folder, name));
      } catch (error) {
        if (!(error instanceof AtelierError)) throw error;
        failure = error;
      }
    }
    failure ??= new AtelierError("no-data", `${folder} has no ${file.name} or ${file.name}.gz`);
  }
  throw failure ?? new AtelierError("internal", "a folder source without folders");
}

async function readVerified(file: DataFile, path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new AtelierError("bad-file", `${path}: cannot be read: ${cause.message}`, { cause });
  });
  return verifyFile(file, bytes, path);
}
