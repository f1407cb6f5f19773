import { expect, test } from "vitest";
import { expectPicture, nastyName, textsOf } from "../../test/picture-checks.ts";
import { renderSvg } from "./render-svg.ts";
import { trainingCurvesFrame, trainingCurvesOption } from "./training-curves.ts";
import type { TrainingRun } from "./training-run.ts";

const run: TrainingRun = {
  name: "mlp",
  history: {
    loss: [0.9, 0.5, 0.3, 0.2],
    accuracy: [0.7, 0.8, 0.9, 0.93],
    val_loss: [0.8, 0.5, 0.45, 0.6],
    val_accuracy: [0.72, 0.8, 0.85, 0.84],
  },
};

function draw(runs: readonly TrainingRun[], smoothingRadius = 0): string {
  const frame = trainingCurvesFrame(runs);
  return renderSvg(trainingCurvesOption(runs, frame, { smoothingRadius }), frame);
}

test("one run: both curves are named and the epoch of the lowest val_loss is marked in both panels", () => {
  const svg = draw([run]);
  expectPicture(svg);
  const texts = textsOf(svg);
  expect(texts).toEqual(expect.arrayContaining(["loss", "accuracy", "training", "validation"]));
  expect(texts.filter((text) => text === "best: epoch 3")).toHaveLength(2);
});

test("the best epoch is the given one if there is one", () => {
  expect(textsOf(draw([{ ...run, bestEpochIndex: 3 }]))).toContain("best: epoch 4");
});

test("the name of the best epoch stays within its panel", () => {
  const anchorOf = (bestEpochIndex: number) =>
    /text-anchor="(\w+)"[^>]*>best: epoch/.exec(draw([{ ...run, bestEpochIndex }]))?.[1];
  expect([0, 1, 3].map(anchorOf)).toEqual(["start", "middle", "end"]);
});

test("several runs: a name each in the legend, also where two are the same, and a key to the lines", () => {
  const svg = draw([run, { ...run, name: nastyName }, run]);
  expectPicture(svg);
  const texts = textsOf(svg);
  expect(texts).toEqual(expect.arrayContaining(["mlp", "mlp (2)"]));
  expect(texts.some((text) => text.includes("<script>"))).toBe(true);
  expect(texts).toContain("solid: validation  ·  dashed: training  ·  dot: best epoch");
  expect(svg.match(/stroke-dasharray="5,4"/g)?.length).toBeGreaterThanOrEqual(6);
});

test("gaps, infinite values and runs without validation are drawn", () => {
  const loss = [Number.POSITIVE_INFINITY, null, 0.4, Number.NaN, 0.2];
  expectPicture(draw([{ name: "diverged", history: { loss, accuracy: loss } }]));
  expectPicture(
    draw([{ name: "one epoch", history: { loss: [1], accuracy: [0.5] }, test: { loss: 1, accuracy: 0.5 } }]),
  );
});

test("smoothing keeps the measured curve, faint, behind the smooth one", () => {
  expect(draw([run], 2)).toContain('stroke-opacity="0.35"');
  expect(draw([run])).not.toContain('stroke-opacity="0.35"');
});

test("no run, or none with an epoch, is said in words", () => {
  expect(textsOf(draw([]))).toEqual(["No epoch has been recorded yet"]);
  expect(textsOf(draw([{ name: "new", history: { loss: [], accuracy: [] } }]))).toEqual([
    "No epoch has been recorded yet",
  ]);
});
