/** Artifacts: named, versioned sets of files that runs produce and use. */
import type { JsonObject } from "./json.ts";

/** A file kept as a blob. */
export interface StoredFile {
  /** Its name in a run or an artifact, with / between folders; any text but the empty one. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface Artifact {
  readonly entity: string;
  readonly project: string;
  /** What it is: model, dataset, … */
  readonly type: string;
  readonly name: string;
  /** Counted from 0 for each name of a project; written v0, v1, … */
  readonly version: number;
  /** `latest` is always the newest version. */
  readonly aliases: readonly string[];
  /** SHA-256 over the manifest: the same files have the same digest. */
  readonly digest: string;
  readonly description: string;
  readonly metadata: JsonObject;
  /** Sorted by path. */
  readonly files: readonly StoredFile[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Id of the run that logged it. */
  readonly producedBy: string;
  /** Ids of runs that used it. */
  readonly usedBy: readonly string[];
}

/** What a run says when it logs an artifact. */
export interface NewArtifact {
  readonly type: string;
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly description?: string;
  readonly metadata?: JsonObject;
  readonly files: readonly StoredFile[];
  readonly createdAt: number;
}

/** The version text of an artifact, v0, v1, … */
export function versionText(version: number): string {
  return `v${version}`;
}

/** `name:v3`, `name:best`, or `name`, which means `name:latest`. The last colon counts. */
export function parseArtifactName(text: string): { readonly name: string; readonly alias: string } {
  const colon = text.lastIndexOf(":");
  return colon <= 0
    ? { name: text, alias: "latest" }
    : { name: text.slice(0, colon), alias: text.slice(colon + 1) };
}

/** The text whose SHA-256 is an artifact's digest. */
export function manifestText(type: string, files: readonly StoredFile[]): string {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return JSON.stringify([type, ...sorted.map(({ path, sha256, sizeBytes }) => [path, sha256, sizeBytes])]);
}
