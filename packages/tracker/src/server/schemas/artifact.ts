/** Schemas of files, artifacts and evaluations. */
import { z } from "zod";
import type { Artifact, NewArtifact, StoredFile } from "../../model/artifact.ts";
import type { Evaluation } from "../../model/evaluation.ts";
import type { BlobInfo } from "../../store/store.ts";
import { count, jsonObject, sha256, text, time } from "./json.ts";

export const blobInfo = z.object({ sha256, sizeBytes: count }) satisfies z.ZodType<BlobInfo>;

export const storedFile = z.object({ path: text, sha256, sizeBytes: count }) satisfies z.ZodType<StoredFile>;

export const newArtifact = z.object({
  type: text,
  name: text,
  aliases: z.array(text).exactOptional(),
  description: text.exactOptional(),
  metadata: jsonObject.exactOptional(),
  files: z.array(storedFile),
  createdAt: time,
}) satisfies z.ZodType<NewArtifact>;

export const artifact = z.object({
  entity: text,
  project: text,
  type: text,
  name: text,
  version: count,
  aliases: z.array(text),
  digest: text,
  description: text,
  metadata: jsonObject,
  files: z.array(storedFile),
  createdAt: time,
  producedBy: text,
  usedBy: z.array(text),
}) satisfies z.ZodType<Artifact>;

export const evaluation = z.object({
  runId: text,
  data: text,
  part: text,
  dataChecksum: text,
  classNames: z.array(text),
  imageCount: count,
  metrics: jsonObject,
  confusion: z.array(z.array(count)),
  predictions: blobInfo,
  createdAt: time,
}) satisfies z.ZodType<Evaluation>;
