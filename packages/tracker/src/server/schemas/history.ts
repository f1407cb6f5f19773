/** Schemas of rows, series and console lines. */
import { z } from "zod";
import type { ConsoleLine, HistoryRow, MetricKey } from "../../model/history.ts";
import type { HistoryValue } from "../../model/value.ts";
import type { RunBatch } from "../../store/store.ts";
import { count, place, recordOf, sha256, text, time } from "./json.ts";
import { runUpdate, writer } from "./run.ts";

/** A number: also one of those that JSON does not know, which wire-json.ts has read. */
const anyNumber = z
  .custom<number>((value) => typeof value === "number", "expected a number")
  .meta({
    type: ["number", "string"],
    description: 'A number, or one of the texts "NaN", "Infinity", "-Infinity".',
  });

const fileReference = z.object({
  type: z.enum(["image", "file"]),
  sha256,
  sizeBytes: count,
  contentType: text,
  caption: text.exactOptional(),
  width: z.number().exactOptional(),
  height: z.number().exactOptional(),
});

const historyValue: z.ZodType<HistoryValue> = z.union([
  anyNumber,
  text,
  z.object({ type: z.literal("histogram"), edges: z.array(anyNumber), counts: z.array(anyNumber) }),
  fileReference,
  z.object({ type: z.literal("images"), images: z.array(fileReference) }),
  z.object({
    type: z.literal("table"),
    sha256,
    sizeBytes: count,
    columns: z.array(text),
    rowCount: count,
  }),
]);

export const historyRow = z.object({
  row: place,
  step: z.number(),
  time,
  values: recordOf(historyValue),
}) satisfies z.ZodType<HistoryRow>;

export const rowPage = z.object({ rows: z.array(historyRow), next: count.optional() });

export const consoleLine = z.object({
  line: place,
  stream: z.enum(["stdout", "stderr"]),
  time,
  text,
}) satisfies z.ZodType<ConsoleLine>;

export const consolePage = z.object({ lines: z.array(consoleLine), next: count.optional() });

export const metricKey = z.object({
  key: text,
  hasNumbers: z.boolean(),
  hasObjects: z.boolean(),
}) satisfies z.ZodType<MetricKey>;

export const runBatch = z.strictObject({
  writer: writer.exactOptional(),
  rows: z.array(historyRow).exactOptional(),
  systemRows: z.array(historyRow).exactOptional(),
  console: z.array(consoleLine).exactOptional(),
  update: runUpdate.exactOptional(),
}) satisfies z.ZodType<RunBatch>;

export const rowStream = z.enum(["history", "system"]);
