import { Menu } from "../parts/menu.tsx";
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
  const { x = "step", smooth = "0", log = "", range, metrics = "", outliers } = search;
  const toggle = (axis: string) => {
    const next = log.includes(axis) ? log.replace(axis, "") : `${log}${axis}`;
    onChange({ log: next === "" ? undefined : next });
  };
  const axes = [
    ...["x", "y"].filter((axis) => log.includes(axis)).map((axis) => `log ${axis}`),
    ...(outliers === "hide" ? ["no outliers"] : []),
  ];
  return (
    <div className="chart-toolbar" role="toolbar" aria-label="Charts">
      <input
        type="search"
        placeholder="Find: loss|acc"
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
      <Menu label={axes.length === 0 ? "Axes" : `Axes: ${axes.join(", ")}`}>
        {["x", "y"].map((axis) => (
          <label key={axis}>
            <input type="checkbox" checked={log.includes(axis)} onChange={() => toggle(axis)} />
            logarithmic {axis}
          </label>
        ))}
        <label title="Values far from all others do not stretch the y axis">
          <input
            type="checkbox"
            checked={outliers === "hide"}
            onChange={({ target }) => onChange({ outliers: target.checked ? "hide" : undefined })}
          />
          hide outliers
        </label>
      </Menu>
      {range !== undefined && (
        <button type="button" onClick={() => onChange({ range: undefined })}>
          Whole range
        </button>
      )}
    </div>
  );
}
