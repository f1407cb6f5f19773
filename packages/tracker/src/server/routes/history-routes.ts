/** Rows, series, console lines and exports. */
import { Readable } from "node:stream";
import { z } from "zod";
import { encodeSeries, seriesContentType } from "../../api/index.ts";
import { type ExportTable, historyTable } from "../../export/export-table.ts";
import { parquet } from "../../export/parquet.ts";
import { csv, jsonLines } from "../../export/text-formats.ts";
import { TrackerError } from "../../model/tracker-error.ts";
import { attachment } from "../attachment.ts";
import { consolePage, metricKey, rowPage, rowStream, runBatch } from "../schemas/history.ts";
import { limitText, numberText, text, texts } from "../schemas/json.ts";
import type { ServerRoutes } from "../server-route.ts";

const stream = rowStream.exactOptional();

export const historyRoutes: ServerRoutes<
  "append" | "compact" | "listKeys" | "readRows" | "readConsole" | "readSeries" | "exportHistory"
> = {
  append: {
    about: "Rows, console lines and changes of a run, all or none; from its writer also a sign of life.",
    body: runBatch,
    answer: z.null(),
    answerTo: ({ parameters, body }, { store }) => store.append(parameters.runId, body).then(() => null),
  },
  compact: {
    about: "Makes what a run has written small.",
    answer: z.null(),
    answerTo: ({ parameters }, { store }) => store.compact(parameters.runId).then(() => null),
  },
  listKeys: {
    about: "The keys that a run has logged, sorted.",
    query: z.strictObject({ stream }),
    answer: z.array(metricKey),
    answerTo: ({ parameters, query }, { store }) =>
      store.listKeys(parameters.runId, query.stream ?? "history"),
  },
  readRows: {
    about: "Full rows by row number, or those that are new since a change number.",
    query: z.strictObject({
      stream,
      after: numberText.exactOptional(),
      changedAfter: numberText.exactOptional(),
      keys: texts.exactOptional(),
      limit: limitText.exactOptional(),
    }),
    answer: rowPage,
    answerTo: ({ parameters, query }, { store }) => store.readRows({ runId: parameters.runId, ...query }),
  },
  readConsole: {
    about: "What a run wrote to its terminal, forwards from a line or backwards.",
    query: z.strictObject({
      after: numberText.exactOptional(),
      before: numberText.exactOptional(),
      limit: limitText.exactOptional(),
    }),
    answer: consolePage,
    answerTo: ({ parameters, query }, { store }) => store.readConsole({ runId: parameters.runId, ...query }),
  },
  readSeries: {
    about: "Numbers over steps of several runs and keys, as one binary block.",
    body: z.strictObject({
      runIds: z.array(text),
      keys: z.array(text),
      stream,
      xKey: text.exactOptional(),
      from: z.number().exactOptional(),
      to: z.number().exactOptional(),
      points: z.int().min(1).exactOptional(),
      precision: z.enum(["float32", "float64"]).exactOptional(),
    }),
    answer: { contentType: seriesContentType },
    answerTo: async ({ body: { precision, ...query } }, { store }) => {
      const bytes = encodeSeries(await store.readSeries(query), precision);
      return (reply) => reply.type(seriesContentType).send(Buffer.from(bytes.buffer));
    },
  },
  exportHistory: {
    about: "All rows of a run as a file, never thinned, in the format jsonl, csv or parquet.",
    answer: { contentType: "application/octet-stream" },
    answerTo: async ({ parameters: { runId, format } }, { store }) => {
      if (!Object.hasOwn(exportFormats, format)) {
        const known = Object.keys(exportFormats).join(", ");
        throw new TrackerError("bad-argument", `expected one of the formats ${known}, got "${format}".`);
      }
      const { contentType, write } = exportFormats[format]!;
      const pieces = write(await historyTable(store, [runId]));
      return (reply) =>
        reply
          .type(contentType)
          .header("content-disposition", attachment(`${runId.slice(0, 100)}.${format}`))
          .send(Readable.from(pieces, { objectMode: false }));
    },
  },
};

const exportFormats: {
  readonly [format: string]: {
    readonly contentType: string;
    readonly write: (table: ExportTable) => AsyncIterable<string | Uint8Array>;
  };
} = {
  jsonl: { contentType: "application/jsonl", write: jsonLines },
  csv: { contentType: "text/csv; charset=utf-8", write: csv },
  parquet: { contentType: "application/vnd.apache.parquet", write: parquet },
};
