import type { ChartSearch } from "./chart-settings.ts";
import "./chart-toolbar.css";

/** Sets how all charts below it are drawn; `xKeys` are logged keys that can serve as x. */
export function ChartToolbar({
  search,
  xKeys,
  onChange,
}: {
  readonly search: ChartSearch;
  readonly xKeys: readonly string[];
  readonly onChange: (change: ChartSearch) => void;
}) {
  const { x = "step", smooth = "0", log = "", range, metrics = "" } = search;
  const toggle = (axis: string) => {
    const next = log.includes(axis) ? log.replace(axis, "") : `${log}${axis}`;
    onChange({ log: next === "" ? undefined : next });
  };
  return (
    <div className="chart-toolbar" role="toolbar" aria-label="Charts">
      <input
        type="search"
        placeholder="Find a metric"
        aria-label="Find a metric"
        value={metrics}
        onChange={({ target }) => onChange({ metrics: target.value || undefined })}
      />
      <label>
        x
        <select value={x} onChange={({ target }) => onChange({ x: target.value, range: undefined })}>
          {[...new Set(["step", "time", ...xKeys, x])].map((key) => (
            <option key={key}>{key}</option>
          ))}
        </select>
      </label>
      <label title="How many points to either side are averaged">
        smoothing
        <input
          type="range"
          min="0"
          max="50"
          value={smooth}
          onChange={({ target }) => onChange({ smooth: target.value === "0" ? undefined : target.value })}
        />
        <output>{smooth}</output>
      </label>
      <span className="segments">
        {["x", "y"].map((axis) => (
          <button key={axis} type="button" aria-pressed={log.includes(axis)} onClick={() => toggle(axis)}>
            log {axis}
          </button>
        ))}
      </span>
      {range !== undefined && (
        <button type="button" onClick={() => onChange({ range: undefined })}>
          Whole range
        </button>
      )}
    </div>
  );
}
