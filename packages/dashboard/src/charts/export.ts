/** Charts as files: the picture as it would stand in a report, or its numbers. */
import { type ChartOption, type Frame, renderSvg } from "@atelier/charts";

/** Saves a chart as an SVG file. */
export function saveSvg(name: string, option: ChartOption, frame: Frame): void {
  save(`${name}.svg`, new Blob([renderSvg(option, frame)], { type: "image/svg+xml" }));
}

/** Saves a chart as a PNG file, two pixels a CSS pixel. */
export async function savePng(name: string, option: ChartOption, frame: Frame): Promise<void> {
  const url = URL.createObjectURL(new Blob([renderSvg(option, frame)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = new OffscreenCanvas(2 * frame.width, 2 * frame.height);
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    save(`${name}.png`, await canvas.convertToBlob({ type: "image/png" }));
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Saves rows as a CSV file (RFC 4180). */
export function saveCsv(
  name: string,
  columns: readonly string[],
  rows: Iterable<readonly (string | number)[]>,
): void {
  const lines = [columns, ...rows].map((cells) => cells.map(csvCell).join(","));
  save(`${name}.csv`, new Blob([lines.join("\r\n"), "\r\n"], { type: "text/csv" }));
}

function csvCell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function save(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[\\/:*?"<>|\p{Cc}]/gu, "-").slice(0, 120);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
