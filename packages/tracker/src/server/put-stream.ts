/** Bytes of any length on their way into a store: through a file, so that memory stays flat. */
import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { TrackerError } from "../model/tracker-error.ts";
import type { BlobInfo, BlobStore } from "../store/store.ts";

/** Keeps what is read, unless its SHA-256 is another one: throws bad-argument then, and nothing is kept. */
export async function putStream(
  blobs: BlobStore,
  sha256: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<BlobInfo> {
  const path = join(tmpdir(), `atelier-upload-${randomUUID()}`);
  const hash = createHash("sha256");
  try {
    await pipeline(
      pieces,
      async function* (parts: AsyncIterable<Uint8Array>) {
        for await (const part of parts) {
          hash.update(part);
          yield part;
        }
      },
      createWriteStream(path, { flags: "wx", mode: 0o600 }),
    );
    const found = hash.digest("hex");
    if (found !== sha256) {
      throw new TrackerError(
        "bad-argument",
        `expected bytes of SHA-256 ${sha256}, got ${found}; send them again.`,
      );
    }
    return await blobs.put({ path });
  } finally {
    await rm(path, { force: true });
  }
}
