/** Writes pictures as files and gathers them in one HTML page. */
import { join } from "node:path";
import { htmlReport, type Report, type ReportFigure, svgToPng } from "@atelier/charts";
import { makeFolder, writeFileAtomic } from "@atelier/engine";

const encoder = new TextEncoder();

/** Writes report.html and, beside it, each figure as SVG and PNG. Returns the page's path. Throws cannot-write. */
export async function writeReport(folder: string, report: Report): Promise<string> {
  await writeFigures(
    join(folder, "figures"),
    report.sections.flatMap(({ figures = [] }) => figures),
  );
  const page = join(folder, "report.html");
  await writeFileAtomic(page, encoder.encode(htmlReport(report)));
  return page;
}

/** Writes each figure as NAME.svg and NAME.png; returns the PNGs' paths. Throws cannot-write. */
export async function writeFigures(folder: string, figures: readonly ReportFigure[]): Promise<string[]> {
  await makeFolder(folder);
  const paths: string[] = [];
  for (const { name, svg } of figures) {
    const path = join(folder, fileName(name));
    await writeFileAtomic(`${path}.svg`, encoder.encode(svg));
    await writeFileAtomic(`${path}.png`, await svgToPng(svg));
    paths.push(`${path}.png`);
  }
  return paths;
}

/** A figure's name made safe for any file system: no separators, no dots, no control characters. */
function fileName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 100) || "figure";
}
