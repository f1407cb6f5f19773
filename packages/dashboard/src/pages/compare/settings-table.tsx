import type { Run } from "@atelier/tracker/model";
import { useMemo } from "react";
import { formatValue } from "../../parts/format.ts";
import { settingsOf } from "./differences.ts";
import { RunHead } from "./run-head.tsx";

/** The configs side by side: what differs, and on demand what does not. */
export function SettingsTable({
  runs,
  isAll,
  onChange,
}: {
  readonly runs: readonly Run[];
  readonly isAll: boolean;
  readonly onChange: (isAll: boolean) => void;
}) {
  const settings = useMemo(() => settingsOf(runs.map(({ config }) => config)), [runs]);
  const different = settings.filter(({ isEqual }) => !isEqual);
  const shown = isAll ? settings : different;
  return (
    <section className="stack">
      <div className="row spread">
        <h2>{runs.length < 2 ? "Settings" : `${different.length} of ${settings.length} settings differ`}</h2>
        <label className="row">
          <input type="checkbox" checked={isAll} onChange={({ target }) => onChange(target.checked)} />
          show all
        </label>
      </div>
      {shown.length > 0 && (
        <div className="scroll-x tall-table">
          <table className="side-by-side">
            <thead>
              <tr>
                <td />
                {runs.map((run, index) => (
                  <th key={run.id} scope="col">
                    <RunHead run={run} index={index} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map(({ path, values, isEqual }) => (
                <tr key={path} className={isEqual ? "equal" : ""}>
                  <th scope="row">{path}</th>
                  {values.map((value, index) => (
                    <td key={runs[index]!.id} className={isEqual ? "" : "different"}>
                      {value === undefined ? <span className="muted">not set</span> : formatValue(value)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
