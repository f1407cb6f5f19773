/** The newest of what was logged that is no number: images, distributions, tables. */
import { apiPath } from "@atelier/tracker/api";
import type {
  FileReference,
  Histogram,
  HistoryValue,
  JsonObject,
  TableReference,
} from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client.ts";
import { formatNumber, formatValue } from "../../parts/format.ts";
import { Answer } from "../../parts/states.tsx";
import "./logged-objects.css";

type LoggedObject = Exclude<HistoryValue, number | string>;

const rowsShown = 50;
const imagesShown = 60;

/** The logged objects of a summary by their keys. */
export function loggedObjects(summary: JsonObject): readonly (readonly [key: string, value: LoggedObject])[] {
  return Object.entries(summary).flatMap(([key, value]) =>
    isLoggedObject(value) ? [[key, value] as const] : [],
  );
}

/** Shows one of them. */
export function LoggedObjectView({ name, value }: { readonly name: string; readonly value: LoggedObject }) {
  return (
    <section className="stack logged-object">
      <h3>{name}</h3>
      {value.type === "histogram" ? (
        <HistogramBars histogram={value} />
      ) : value.type === "table" ? (
        <LoggedTable table={value} />
      ) : value.type === "file" ? (
        <a href={blobPath(value)} download={name}>
          {value.caption ?? value.contentType}
        </a>
      ) : (
        <div className="row">
          {(value.type === "images" ? value.images : [value]).slice(0, imagesShown).map((image, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same image may be logged twice
            <figure key={index}>
              <img src={blobPath(image)} alt={image.caption ?? `${name} ${index + 1}`} loading="lazy" />
              {image.caption !== undefined && (
                <figcaption className="muted small">{image.caption}</figcaption>
              )}
            </figure>
          ))}
        </div>
      )}
    </section>
  );
}

function HistogramBars({ histogram: { edges, counts } }: { readonly histogram: Histogram }) {
  const most = Math.max(1, ...counts);
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const place = (edge: number) => (100 * (edge - low)) / (high - low || 1);
  return (
    <figure className="histogram">
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label="Distribution">
        {counts.map((count, at) => {
          const x = place(edges[at]!);
          const height = (40 * count) / most;
          return (
            <rect key={edges[at]} x={x} y={40 - height} width={place(edges[at + 1]!) - x} height={height} />
          );
        })}
      </svg>
      <figcaption className="muted small">
        <span>{formatNumber(low)}</span>
        <span>at most {formatNumber(most)} a bin</span>
        <span>{formatNumber(high)}</span>
      </figcaption>
    </figure>
  );
}

function LoggedTable({ table: { sha256, columns, rowCount } }: { readonly table: TableReference }) {
  const query = useQuery({
    queryKey: ["loggedTable", sha256],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const response = await api.send("readBlob", { parameters: { sha256 }, signal });
      return (await response.json()) as { readonly rows: readonly (readonly JsonObject[string][])[] };
    },
  });
  return (
    <Answer query={query} what="the table">
      {({ rows }) => (
        <div className="scroll-x">
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column}>{column}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, rowsShown).map((cells, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name
                <tr key={index}>
                  {columns.map((column, at) => (
                    <td key={column}>{formatValue(cells[at])}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {rowCount > rowsShown && (
            <p className="muted">and {formatNumber(rowCount - rowsShown)} rows more</p>
          )}
        </div>
      )}
    </Answer>
  );
}

function blobPath({ sha256 }: FileReference): string {
  return apiPath("readBlob", { parameters: { sha256 } });
}

const types: readonly unknown[] = [
  "histogram",
  "image",
  "images",
  "file",
  "table",
] satisfies LoggedObject["type"][];

function isLoggedObject(value: unknown): value is LoggedObject {
  return typeof value === "object" && value !== null && "type" in value && types.includes(value.type);
}
