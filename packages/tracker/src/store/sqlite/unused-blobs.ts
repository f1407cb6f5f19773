/** Which blobs nothing refers to any more. */
import type { BlobFolder } from "../blob-folder.ts";
import { decodeColumn } from "./chunk.ts";
import type { Database } from "./database.ts";

/**
 * Removes what was last put before a time and no file, artifact, evaluation or history value names, halves of blobs that a
 * dying process left included.
 */
export async function removeUnusedBlobs(database: Database, blobs: BlobFolder, before: number) {
  let count = 0;
  let sizeBytes = 0;
  const used = namedBlobs(database);
  for await (const file of blobs.list()) {
    if (file.putAt >= before || used.has(file.name)) continue;
    await blobs.remove(file.name);
    count++;
    sizeBytes += file.sizeBytes;
  }
  return { count, sizeBytes };
}

/** Everything in the store that reads like a SHA-256: rather keep one too many. */
function namedBlobs(database: Database): ReadonlySet<string> {
  const used = new Set<string>();
  const note = (text: unknown) => {
    for (const [sha256] of String(text).matchAll(/[0-9a-f]{64}/g)) used.add(sha256);
  };
  database.read(() => {
    const texts = [
      "SELECT sha256 AS text FROM file",
      "SELECT files AS text FROM artifact",
      "SELECT predictions_sha256 AS text FROM evaluation",
      "SELECT content AS text FROM tail_row WHERE content LIKE '%sha256%'",
    ];
    for (const sql of texts) for (const { text } of database.statement(sql).iterate()) note(text);
    for (const { content } of database
      .statement("SELECT content FROM chunk_column WHERE kind = 1")
      .iterate()) {
      note(JSON.stringify(decodeColumn(content as Uint8Array, "objects").values));
    }
  });
  return used;
}
