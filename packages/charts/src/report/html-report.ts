/**
 * A report as one HTML file that needs nothing else: no network, no script, no font. Pictures stand in it as SVG and
 * take on the page's colours; each can be downloaded as it was given.
 */
import { escapeText, replaceForbidden } from "../text/escape.ts";
import { reportStyle } from "./report-style.ts";
import { followPageTheme } from "./theme-colours.ts";

/** A picture in the light theme; the page turns it dark when the reader's system is. */
export interface ReportFigure {
  readonly svg: string;
  readonly title: string;
  readonly caption?: string;
  /** Name of the downloaded file, without its ending. */
  readonly name: string;
}

/** Rows of text; a column whose cells are all numbers is set to the right. */
export interface ReportTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A part of the report: its text, then its table, then its figures. */
export interface ReportSection {
  readonly heading: string;
  /** Paragraphs are separated by blank lines. */
  readonly text?: string;
  readonly figures?: readonly ReportFigure[];
  readonly table?: ReportTable;
}

/** Everything a report shows. */
export interface Report {
  readonly title: string;
  readonly subtitle?: string;
  /** A few numbers worth reading first, shown large below the title. */
  readonly facts?: readonly { readonly label: string; readonly value: string }[];
  readonly sections: readonly ReportSection[];
}

const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The whole HTML document. Every string of the report is shown as text, whatever it holds. */
export function htmlReport(report: Report): string {
  const title = escapeText(report.title);
  const sections = report.sections.length > 0 ? report.sections.map(drawSection).join("\n") : noSections;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
<style>
${reportStyle()}
</style>
</head>
<body>
<main>
<h1>${title}</h1>
${report.subtitle ? `<p class="subtitle">${escapeText(report.subtitle)}</p>` : ""}
${drawFacts(report)}
${drawContents(report)}
${sections}
</main>
</body>
</html>
`;
}

const noSections = '<p class="empty">This report has no sections yet.</p>';

function drawFacts({ facts = [] }: Report): string {
  if (facts.length === 0) return "";
  const items = facts.map(
    ({ label, value }) => `<div><dt>${escapeText(label)}</dt><dd>${escapeText(value)}</dd></div>`,
  );
  return `<dl class="facts">${items.join("")}</dl>`;
}

function drawContents({ sections }: Report): string {
  if (sections.length < 2) return "";
  const items = sections.map(
    ({ heading }, index) => `<li><a href="#section-${index + 1}">${escapeText(heading)}</a></li>`,
  );
  return `<nav aria-label="Contents"><ol>${items.join("")}</ol></nav>`;
}

function drawSection(section: ReportSection, index: number): string {
  const id = `section-${index + 1}`;
  const figures = (section.figures ?? []).map((figure, at) => drawFigure(figure, `${id}-${at + 1}`));
  return [
    `<section aria-labelledby="${id}"><h2 id="${id}">${escapeText(section.heading)}</h2>`,
    ...paragraphs(section.text).map((text) => `<p>${escapeText(text)}</p>`),
    section.table ? drawTable(section.table) : "",
    figures.length > 0 ? `<div class="figures">\n${figures.join("\n")}\n</div>` : "",
    "</section>",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function paragraphs(text = ""): string[] {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== "");
}

function drawFigure(figure: ReportFigure, id: string): string {
  const caption = figure.caption ? `<span class="caption">${escapeText(figure.caption)}</span>` : "";
  const fileName = `${figure.name.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.svg`;
  return `<figure><figcaption><strong>${escapeText(figure.title)}</strong>
<a class="download" download="${escapeText(fileName)}" href="${svgDataUri(figure.svg)}">SVG</a>${caption}</figcaption>
<div class="scroll" tabindex="0">${inlineSvg(figure.svg, id)}</div></figure>`;
}

/** The picture as part of the page: its own ids, the page's colours, and no smaller than can be read. */
function inlineSvg(svg: string, id: string): string {
  const width = Number(/<svg[^>]*? width="(\d+)/.exec(svg)?.[1] ?? 0);
  const minWidth = Math.round(width * 0.8);
  return followPageTheme(replaceForbidden(svg))
    .replace(/<\?xml.*?\?>\s*/, "")
    .replace(/( id="|="url\(#)zr-/g, `$1${id}-`)
    .replace("<svg ", `<svg style="min-width:${minWidth}px" `)
    .trim();
}

/** Percent-encodes only what must be, so that the download costs little more than the picture itself. */
function svgDataUri(svg: string): string {
  const wellFormed = replaceForbidden(svg).trim();
  return `data:image/svg+xml;charset=utf-8,${wellFormed.replace(/[%#"<>&\n]/g, encodeURIComponent)}`;
}

function drawTable({ columns, rows }: ReportTable): string {
  if (rows.length === 0) return '<p class="empty">No rows.</p>';
  const classes = columns.map((_, at) =>
    rows.every((row) => isNumeric(row[at] ?? "")) ? ' class="number"' : "",
  );
  const head = columns
    .map((column, at) => `<th scope="col"${classes[at]}>${escapeText(column)}</th>`)
    .join("");
  const body = rows.map(
    (row) =>
      `<tr>${columns.map((_, at) => `<td${classes[at]}>${escapeText(row[at] ?? "")}</td>`).join("")}</tr>`,
  );
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

function isNumeric(text: string): boolean {
  return /^([-+−]?[\d.,]+(e[-+]?\d+)?\s?(%|s|ms)?|–|)$/i.test(text.trim());
}
