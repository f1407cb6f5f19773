import type { ChartOption, Frame } from "@atelier/charts";
import { useMemo, useRef } from "react";
import { Menu } from "../parts/menu.tsx";
import { EChart, useWidth } from "./echart.tsx";
import { savePng, saveSvg } from "./export.ts";
import "./metric-chart.css";

/** A figure of packages/charts in its own size, narrower where the page is. */
export function Figure({
  title,
  frame,
  option,
  onCsv,
}: {
  readonly title: string;
  readonly frame: Frame;
  readonly option: (frame: Frame) => ChartOption;
  readonly onCsv?: () => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const width = Math.min(frame.width, useWidth(place));
  const { height, theme } = frame;
  // biome-ignore lint/correctness/useExhaustiveDependencies: an option is a function of what the page shows and its frame
  const drawn = useMemo(() => option({ width, height, theme }), [width, height, theme]);
  return (
    <figure className="metric-chart" style={{ margin: 0 }}>
      <header>
        <h3>{title}</h3>
        <Menu label="⋯" title={`Export ${title}`} className="end">
          <button type="button" onClick={() => void savePng(title, option(frame), frame)}>
            PNG picture
          </button>
          <button type="button" onClick={() => saveSvg(title, option(frame), frame)}>
            SVG picture
          </button>
          {onCsv && (
            <button type="button" onClick={onCsv}>
              CSV
            </button>
          )}
        </Menu>
      </header>
      <div className="area" ref={place} style={{ height, minWidth: 0 }}>
        {width > 0 && <EChart option={drawn} width={width} height={height} label={title} />}
      </div>
    </figure>
  );
}
