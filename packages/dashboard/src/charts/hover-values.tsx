import type { MetricCurve } from "@atelier/charts";
import { seriesColour, themes } from "@atelier/charts/theme";
import { formatNumber } from "../parts/format.ts";
import { useTheme } from "../shell/theme.ts";
import { nearestIndex } from "./hover.ts";

const mostShown = 10;

/** The values of the curves at the place pointed at, the highest first. */
export function HoverValues({
  x,
  xName,
  curves,
  side,
}: {
  readonly x: number;
  readonly xName: string;
  readonly curves: readonly MetricCurve[];
  readonly side: "left" | "right";
}) {
  const theme = themes[useTheme()];
  const near = curves
    .filter((curve) => curve.x.length > 0 && x >= curve.x[0]! && x <= curve.x[curve.x.length - 1]!)
    .map((curve) => ({ curve, at: nearestIndex(curve.x, x) }))
    .sort((a, b) => b.curve.y[b.at]! - a.curve.y[a.at]!);
  if (near.length === 0) return null;
  const [{ curve: first, at }] = near as [(typeof near)[number]];
  return (
    <div className="hover-values" style={side === "left" ? { left: 58 } : { right: 18 }}>
      <span className="muted">
        {xName} {formatNumber(Number(first.x[at]!.toPrecision(6)))}
      </span>
      <ol>
        {near.slice(0, mostShown).map(({ curve, at }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two runs may have one name
          <li key={index}>
            <span className="swatch" style={{ background: seriesColour(theme, curve.colourIndex) }} />
            <span className="cut">{curve.name}</span>
            <span>{formatNumber(curve.y[at]!)}</span>
          </li>
        ))}
      </ol>
      {near.length > mostShown && <span className="muted">and {near.length - mostShown} more</span>}
    </div>
  );
}
