import { replaceForbidden } from "../text/escape.ts";
import { textWidth } from "../text/measure.ts";
import { type Frame, themes } from "../theme.ts";
import { type ChartOption, echarts } from "./chart-option.ts";

/** Draws an option as an SVG document of the frame's size, the same bytes each time. Needs no browser. */
export function renderSvg(option: ChartOption, frame: Frame): string {
  useOurTextWidths();
  const { width, height } = frame;
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({ backgroundColor: themes[frame.theme].surface, ...option });
    return stableText(replaceForbidden(chart.renderToSVGString()));
  } finally {
    chart.dispose(); // an undisposed chart keeps the process alive
  }
}

/** Without a page ECharts guesses widths from another font; with one, it measures better than we do. */
function useOurTextWidths(): void {
  if ("document" in globalThis) return;
  echarts.setPlatformAPI({
    measureText: (text, font = "12px") => {
      const size = Number(/([\d.]+)px/.exec(font)?.[1] ?? 12);
      return { width: textWidth(text ?? "", { size, ...(/bold/.test(font) && { weight: "bold" }) }) };
    },
  });
}

/**
 * Drops the styles for hovering, which do nothing in a still picture, and the numbers that ECharts counts up through
 * the life of the process, so that the same chart is the same text. Quotes in names are escaped and never match.
 */
function stableText(svg: string): string {
  return svg
    .replace(/<style >.*?<\/style>\n?/s, "")
    .replace(/ class="zr\d+-cls-\d+"/g, "")
    .replace(/(id="|url\(#)zr\d+-/g, "$1zr-");
}
