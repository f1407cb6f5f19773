import type { Run } from "@atelier/tracker/model";
import type { ReactNode } from "react";
import { RunHead } from "./run-head.tsx";

/** One line of the table: a cell a run, and one for a last column where there is one. */
export interface SideBySideRow {
  readonly name: string;
  /** What helps to understand the name. */
  readonly note?: string | undefined;
  readonly cells: readonly { readonly text: ReactNode; readonly className?: string | undefined }[];
}

/** A table with a column a run. */
export function SideBySide({
  runs,
  rows,
  lastHead,
}: {
  readonly runs: readonly Run[];
  readonly rows: readonly SideBySideRow[];
  /** What stands above a column after those of the runs. */
  readonly lastHead?: string;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="scroll-x tall-table" tabIndex={0} aria-label="Runs side by side">
      <table className="side-by-side">
        <thead>
          <tr>
            <td />
            {runs.map((run, index) => (
              <th key={run.id} scope="col">
                <RunHead run={run} index={index} />
              </th>
            ))}
            {lastHead !== undefined && <th scope="col">{lastHead}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, note, cells }) => (
            <tr key={name}>
              <th scope="row">
                {name}
                {note !== undefined && <small className="note">{note}</small>}
              </th>
              {cells.map(({ text, className }, index) => (
                <td key={runs[index]?.id ?? "last"} className={className}>
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
