/** A chart of packages/charts on a page: drawn on a canvas as wide as its place, redrawn when that changes. */
import type { ChartOption } from "@atelier/charts";
import type { EChartsType } from "echarts/core";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { type RefObject, useEffect, useRef, useState } from "react";

echarts.use([CanvasRenderer]);

/** The width of an element in CSS pixels, 0 before it is known. */
export function useWidth(place: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);
  return width;
}

/** Draws an option; `onReady` gets the chart after each drawing, to ask where things lie. */
export function EChart({
  option,
  width,
  height,
  label,
  onReady,
}: {
  readonly option: ChartOption;
  readonly width: number;
  readonly height: number;
  /** Says what the chart shows to who cannot see it. */
  readonly label: string;
  readonly onReady?: (chart: EChartsType) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  useEffect(() => () => chart.current?.dispose(), []);
  useEffect(() => {
    if (!place.current || width === 0) return;
    if (!chart.current || chart.current.isDisposed()) {
      chart.current = echarts.init(place.current, null, { renderer: "canvas", width, height });
    } else if (chart.current.getWidth() !== width || chart.current.getHeight() !== height) {
      chart.current.resize({ width, height });
    }
    chart.current.setOption(option, { notMerge: true });
    onReady?.(chart.current);
  }, [option, width, height, onReady]);
  return <div ref={place} style={{ width, height }} role="img" aria-label={label} />;
}
