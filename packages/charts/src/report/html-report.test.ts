import { expect, test } from "vitest";
import { nastyName, sampleImage } from "../../test/picture-checks.ts";
import { perClassFrame, perClassOption } from "../options/per-class.ts";
import { renderSvg } from "../options/render-svg.ts";
import { sampleGrid } from "../pictures/sample-grid.ts";
import { themes } from "../theme.ts";
import { htmlReport } from "./html-report.ts";

const classes = [{ name: "Shirt", precision: 0.8, recall: 0.9, f1: 0.85, support: 10 }];
const chart = renderSvg(perClassOption(classes, perClassFrame(classes)), perClassFrame(classes));
const figure = { svg: chart, title: "Scores", caption: "By class.", name: "scores of all" };

test("one file that asks the network for nothing and runs nothing", () => {
  const html = htmlReport({ title: "Report", sections: [{ heading: "A", figures: [figure] }] });
  expect(html).toMatch(/^<!doctype html>/);
  expect(html).not.toMatch(/<script|<link|@import|(src|href)="(https?:)?\/\//);
  expect(html).toContain("default-src 'none'");
});

test("every text is shown as text", () => {
  const html = htmlReport({
    title: nastyName,
    subtitle: nastyName,
    facts: [{ label: nastyName, value: nastyName }],
    sections: [
      { heading: nastyName, text: nastyName, table: { columns: [nastyName], rows: [[nastyName]] } },
      { heading: "x", figures: [{ ...figure, title: nastyName, caption: nastyName, name: nastyName }] },
    ],
  });
  expect(html).not.toContain("<script");
  expect(html).not.toContain("\u0000");
  expect(html.match(/&lt;script&gt;/g)).toHaveLength(12); // title, h1, subtitle, fact ×2, contents, heading, text, table ×2, figure ×2
});

test("sections are listed and linked, their paragraphs apart, their numbers to the right", () => {
  const html = htmlReport({
    title: "Report",
    sections: [
      { heading: "First", text: "One.\n\nTwo." },
      {
        heading: "Second",
        table: {
          columns: ["name", "loss"],
          rows: [
            ["mlp", "0.29"],
            ["cnn", "–"],
          ],
        },
      },
    ],
  });
  expect(html).toContain('<a href="#section-2">Second</a>');
  expect(html).toContain('<h2 id="section-2">Second</h2>');
  expect(html).toContain("<p>One.</p>\n<p>Two.</p>");
  expect(html).toContain('<td>mlp</td><td class="number">0.29</td>');
});

test("pictures take the page's colours and keep their ids to themselves", () => {
  const html = htmlReport({ title: "Report", sections: [{ heading: "A", figures: [figure, figure] }] });
  const inline = [...html.matchAll(/<div class="scroll" tabindex="0">(<svg.*?<\/svg>)/gs)].map(
    ([, svg]) => svg!,
  );
  expect(inline).toHaveLength(2);
  for (const svg of inline) {
    expect(svg).toContain('fill="var(--surface)"');
    expect(svg).not.toMatch(/fill="#(?!000")/); // black fills clip paths; another colour would stay on a dark page
  }
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(html).toContain(`--ink:${themes.dark.ink}`);
});

test("a download holds the picture as it was given", () => {
  const html = htmlReport({ title: "Report", sections: [{ heading: "A", figures: [figure] }] });
  const [, name, uri] = /download="([^"]+)" href="data:image\/svg\+xml;charset=utf-8,([^"]+)"/.exec(html)!;
  expect(name).toBe("scores-of-all.svg");
  expect(decodeURIComponent(uri!)).toBe(chart.trim());
});

test("hundreds of thumbnails stay below 5 MB", () => {
  const shape = { height: 64, width: 64, channels: 3 } as const;
  const samples = Array.from({ length: 100 }, (_, at) => ({ image: sampleImage(at, shape), label: "x" }));
  const grey = Array.from({ length: 500 }, (_, at) => ({
    image: sampleImage(at, { height: 28, width: 28, channels: 1 }),
    label: "x",
  }));
  const figures = [samples, grey].map((all) => ({ ...figure, svg: sampleGrid(all) }));
  expect(htmlReport({ title: "Report", sections: [{ heading: "A", figures }] }).length).toBeLessThan(5e6);
});

test("a report without sections says so", () => {
  expect(htmlReport({ title: "Report", sections: [] })).toContain("This report has no sections yet.");
});
