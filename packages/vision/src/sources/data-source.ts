/**
 * The contract of a place that may have the files of a dataset. What it gives has been verified, so files from
 * several sources can be mixed. Implementations: folder-source.ts, mirror-source.ts, debian-package-source.ts.
 */
import { createHash } from "node:crypto";
import { AtelierError } from "@atelier/engine";
import { unpackIfGzipped } from "../idx/idx-file.ts";

/** A file that a dataset consists of, known by what it contains when uncompressed. */
export interface DataFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** SHA-256, hex, of the uncompressed file. */
  readonly sha256: string;
}

/** A place to read from. */
export interface DataSource {
  /** What people call it in "tried …: why it failed". */
  readonly label: string;
  /**
   * "named": a folder that the user named, who is told what is missing there. "cache": may be empty.
   * Of both every file is asked for, and nothing is copied.
   * "outside": given up at its first failure; what it gives is copied into the cache.
   */
  readonly kind: "named" | "cache" | "outside";
  /**
   * The verified, uncompressed file. Throws an AtelierError whose message is the reason why not: "no-data" where it
   * is absent or cannot be reached, "bad-file" where it is damaged.
   */
  read(file: DataFile): Promise<Uint8Array>;
}

/**
 * The uncompressed content of `bytes` (plain or gzipped) once its SHA-256 is the expected one.
 * Throws "bad-file" when it cannot be unpacked or is not that file.
 */
export async function verifyFile(file: DataFile, bytes: Uint8Array, source: string): Promise<Uint8Array> {
  const content = await unpackIfGzipped(bytes, source, file.sizeBytes + 1);
  const got = createHash("sha256").update(content).digest("hex");
  if (got !== file.sha256) {
    throw new AtelierError(
      "bad-file",
      `${source}: expected ${file.sizeBytes} bytes with SHA-256 ${file.sha256}, got ${content.length} bytes with ${got}`,
    );
  }
  return content;
}
