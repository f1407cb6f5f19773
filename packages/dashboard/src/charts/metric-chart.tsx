/** One metric of the runs shown: its curves, what the pointer is at, zooming by dragging, and its export. */
import { type MetricCurve, metricCurvesMargin, metricCurvesOption } from "@atelier/charts";
import type { EChartsType } from "echarts/core";
import { type PointerEvent, useCallback, useMemo, useRef, useState } from "react";
import { formatShort } from "../parts/format.ts";
import { Menu } from "../parts/menu.tsx";
import { useTheme } from "../shell/theme.ts";
import type { ChartSettings } from "./chart-settings.ts";
import { EChart, useWidth } from "./echart.tsx";
import { saveCsv, savePng, saveSvg } from "./export.ts";
import { useHover } from "./hover.ts";
import { HoverValues } from "./hover-values.tsx";
import "./metric-chart.css";

const [smallHeight, largeHeight] = [190, 420];
const exportSize = { width: 760, height: 420 };
/** Shorter drags are clicks, in CSS pixels. */
const shortestDrag = 4;

export interface MetricChartProps {
  readonly title: string;
  readonly curves: readonly MetricCurve[];
  readonly settings: ChartSettings;
  readonly isDownSampled: boolean;
  readonly isLarge: boolean;
  readonly onRange: (range: readonly [number, number] | undefined) => void;
  readonly onLarge: (isLarge: boolean) => void;
}

/** The chart with its heading. */
export function MetricChart(props: MetricChartProps) {
  const { title, curves, settings, isDownSampled, isLarge, onRange, onLarge } = props;
  const height = isLarge ? largeHeight : smallHeight;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const width = useWidth(place);
  const theme = useTheme();
  const option = useMemo(
    () => metricCurvesOption(curves, { width, height, theme }, settings),
    [curves, width, height, theme, settings],
  );
  const onReady = useCallback((ready: EChartsType) => {
    chart.current = ready;
  }, []);
  const only = curves.length === 1 ? curves[0] : undefined;
  const hasValues = curves.some(({ x }) => x.length > 0);
  return (
    <figure className="metric-chart" style={{ margin: 0 }}>
      <header>
        <h3 className="cut" title={title}>
          {title}
        </h3>
        {only !== undefined && only.y.length > 0 && (
          <span title="The last value">{formatShort(only.y[only.y.length - 1]!)}</span>
        )}
        {isDownSampled && (
          <span
            className="muted small"
            title="Minima and maxima are kept; exports of a run have every value."
          >
            thinned
          </span>
        )}
        <button
          type="button"
          className="plain enlarge"
          aria-pressed={isLarge}
          aria-label={`Enlarge ${title}`}
          title={isLarge ? "Make it small again" : "Make it large"}
          onClick={() => onLarge(!isLarge)}
        >
          <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
            <path d={isLarge ? "M8 6h4M8 6V2M6 8v4M6 8H2" : "M8 6l4-4M8.5 2H12v3.5M6 8l-4 4M2 8.5V12h3.5"} />
          </svg>
        </button>
        <ExportMenu title={title} curves={curves} settings={settings} />
      </header>
      <div className="area" ref={place} style={{ height }}>
        {width > 0 && (
          <EChart
            option={option}
            width={width}
            height={height}
            label={`${title} of ${curves.length} runs`}
            onReady={onReady}
          />
        )}
        {width > 0 && hasValues && (
          <Aim chart={chart} width={width} curves={curves} settings={settings} onRange={onRange} />
        )}
      </div>
    </figure>
  );
}

/** Covers the plot: shows where all charts are pointed at, and zooms. */
function Aim({
  chart,
  width,
  curves,
  settings,
  onRange,
}: Pick<MetricChartProps, "curves" | "settings" | "onRange"> & {
  readonly chart: { readonly current: EChartsType | undefined };
  readonly width: number;
}) {
  const { xUnit } = settings;
  const [hover, setHover] = useHover(xUnit);
  const [isHere, setIsHere] = useState(false);
  const [drag, setDrag] = useState<readonly [number, number]>();
  const { left, right, top, bottom } = metricCurvesMargin;
  const valueAt = (px: number) =>
    chart.current?.convertFromPixel({ xAxisIndex: 0 }, px + left) as number | undefined;
  const pixelOf = (x: number) => (chart.current?.convertToPixel({ xAxisIndex: 0 }, x) as number) - left;
  const offset = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(box.width, event.clientX - box.left));
  };
  const at = hover === undefined ? undefined : pixelOf(hover);
  const isInside = at !== undefined && at >= -1 && at <= width - left - right + 1;
  const finish = () => {
    if (drag && Math.abs(drag[1] - drag[0]) >= shortestDrag) {
      const [from, to] = [valueAt(Math.min(...drag)), valueAt(Math.max(...drag))];
      if (from !== undefined && to !== undefined) onRange([from * xUnit, to * xUnit]);
    }
    setDrag(undefined);
  };
  return (
    <>
      {/* Only a pointer can point; the numbers are in the export, and the range can be reset from the toolbar. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: see above */}
      <div
        className="aim"
        style={{ left, right, top, bottom }}
        onPointerMove={(event) => {
          const x = offset(event);
          setIsHere(true);
          setHover(valueAt(x));
          if (drag) setDrag([drag[0], x]);
        }}
        onPointerLeave={() => {
          setIsHere(false);
          setHover(undefined);
        }}
        onPointerDown={(event) => {
          if (event.pointerType !== "mouse") return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([offset(event), offset(event)]);
        }}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(undefined)}
        onDoubleClick={() => onRange(undefined)}
      >
        {isInside && <i style={{ left: at }} />}
        {drag && <b style={{ left: Math.min(...drag), width: Math.abs(drag[1] - drag[0]) }} />}
      </div>
      {isInside && isHere && !drag && (
        <HoverValues
          x={hover!}
          xName={settings.xName}
          curves={curves}
          side={at > (width - left) / 2 ? "left" : "right"}
        />
      )}
    </>
  );
}

function ExportMenu({ title, curves, settings }: Pick<MetricChartProps, "title" | "curves" | "settings">) {
  const theme = useTheme();
  const frame = { ...exportSize, theme };
  const option = () => metricCurvesOption(curves, frame, { ...settings, title });
  const rows = () =>
    curves.flatMap(({ name, x, y }) => Array.from(x, (value, at) => [name, value, y[at]!] as const));
  return (
    <Menu label="⋯" title={`Export ${title}`} className="end">
      <button type="button" onClick={() => void savePng(title, option(), frame)}>
        PNG picture
      </button>
      <button type="button" onClick={() => saveSvg(title, option(), frame)}>
        SVG picture
      </button>
      <button type="button" onClick={() => saveCsv(title, ["run", settings.xName, title], rows())}>
        CSV of what is drawn
      </button>
    </Menu>
  );
}
