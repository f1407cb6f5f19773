import { expect, test } from "vitest";
import { countElements, expectPicture, nastyName, textsOf } from "../../test/picture-checks.ts";
import { themes } from "../theme.ts";
import { confusionMatrixFrame } from "./confusion-layout.ts";
import { type ConfusionMatrix, confusionMatrixOption } from "./confusion-matrix.ts";
import { renderSvg } from "./render-svg.ts";

function draw(matrix: ConfusionMatrix, theme: "light" | "dark" = "light"): string {
  const frame = confusionMatrixFrame(matrix, theme);
  return renderSvg(confusionMatrixOption(matrix, frame), frame);
}

function identity(count: number): ConfusionMatrix {
  return {
    classNames: Array.from({ length: count }, (_, at) => `class with a long name, number ${at}`),
    counts: Array.from({ length: count }, (_, row) =>
      Array.from({ length: count }, (__, at) => (at === row ? 1000 : 1)),
    ),
  };
}

test("every count and name is drawn, right answers in the colour of right answers", () => {
  const svg = draw({ classNames: ["Shirt", "Coat"], counts: [Uint32Array.of(90, 10), [0, 1234]] });
  expectPicture(svg);
  const texts = textsOf(svg);
  expect(texts.filter((text) => /^[\d,]+$/.test(text))).toEqual(["90", "10", "1,234"]);
  expect(texts.filter((text) => text === "Shirt")).toHaveLength(2);
  expect(texts).toContain("mistakes: 0 to 10% of row");
  expect(svg).toContain(`fill="${themes.light.correct.at(-1)}"`);
});

test("names are escaped, cut and complete in number at 10, 25 and 100 classes", () => {
  for (const count of [10, 25, 100]) {
    const svg = draw(identity(count), "dark");
    expectPicture(svg);
    expect(textsOf(svg).filter((text) => text.startsWith("class with"))).toHaveLength(2 * count);
  }
  expectPicture(draw({ ...identity(2), classNames: [nastyName, "b"] }));
});

test("a hundred classes have cells without text", () => {
  const svg = draw(identity(100));
  expect(textsOf(svg).filter((text) => /^[\d,]+$/.test(text))).toEqual([]);
  expect(countElements(svg, "path") + countElements(svg, "rect")).toBeGreaterThanOrEqual(10_000);
});

test("a class that never occurs, counts that are missing and no class at all are drawn", () => {
  expectPicture(draw({ classNames: ["a", "b", "c"], counts: [[0, 0, 0], [1]] }));
  expect(textsOf(draw({ classNames: [], counts: [] }))).toEqual(["No class was evaluated"]);
});

test("a tooltip is escaped, for it is shown as HTML", () => {
  const matrix = { ...identity(2), classNames: [nastyName, "b"] };
  const option = confusionMatrixOption(matrix, confusionMatrixFrame(matrix));
  const [series] = option.series as [{ tooltip: { formatter(at: { dataIndex: number }): string } }];
  expect(series.tooltip.formatter({ dataIndex: 0 })).toContain("True: &lt;script&gt;");
});
