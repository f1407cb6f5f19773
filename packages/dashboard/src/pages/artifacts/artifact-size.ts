import type { Artifact } from "@atelier/tracker/model";

/** Of all its files together, in bytes. */
export function sizeOf({ files }: Artifact): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
