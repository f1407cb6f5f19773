import { compareSettings, type Run } from "@atelier/tracker/model";
import { useMemo } from "react";
import { formatValue } from "../../parts/format.ts";
import { SideBySide } from "./side-by-side.tsx";

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
  const settings = useMemo(() => compareSettings(runs.map(({ config }) => config)), [runs]);
  const different = settings.filter(({ isEqual }) => !isEqual);
  const depth = (path: string) => path.split(".").length;
  const shown = (isAll ? settings : different).toSorted((a, b) => depth(a.path) - depth(b.path)); // layers come last
  const rows = shown.map(({ path, values, isEqual, owner }) => ({
    name: path,
    note: owner,
    cells: values.map((value) => ({
      text: value === undefined ? <span className="muted">not set</span> : formatValue(value),
      className: isEqual ? "equal" : "different",
    })),
  }));
  if (settings.length === 0) return null;
  return (
    <section className="stack">
      <div className="row">
        <h2>{runs.length < 2 ? "Settings" : `${different.length} of ${settings.length} settings differ`}</h2>
        <label className="row">
          <input type="checkbox" checked={isAll} onChange={({ target }) => onChange(target.checked)} />
          show all
        </label>
      </div>
      {rows.length > 0 && <SideBySide runs={runs} rows={rows} />}
    </section>
  );
}
