import { describe, expect, it } from "vitest";
import reference from "../../test/reference/nn.json" with { type: "json" };
import { wave } from "../../test/reference/wave.ts";
import { evaluateGraph } from "../executors/reference/evaluate.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { buildLoss, type CrossEntropyOptions, crossEntropy, parseLoss } from "./losses.ts";

const { shape, scale, labels, cases } = reference.losses;
const [rows, classes] = shape as [number, number];

describe("crossEntropy agrees with PyTorch, class weights with Keras", () => {
  for (const { perExample, mean, ...options } of cases) {
    it(JSON.stringify(options), () => {
      const g = new GraphBuilder();
      const logits = g.input("logits", [rows, classes]);
      const targets = g.input("targets", [rows, classes]);
      const loss = buildLoss(g, logits, targets, crossEntropy(options as CrossEntropyOptions));
      expect(g.shape(loss.perExample)).toEqual([rows]);
      expect(g.shape(loss.mean)).toEqual([]);
      const values = evaluateGraph(g.finish(), {
        inputs: {
          logits: wave(rows * classes, 0).map((value) => value * scale),
          targets: labels.flatMap((label) => Array.from({ length: classes }, (_, c) => +(c === label))),
        },
        float32: false,
      });
      perExample.forEach((expected, i) => {
        expect(values[loss.perExample]![i]).toBeCloseTo(expected, 7);
      });
      expect(values[loss.mean]![0]).toBeCloseTo(mean, 7);
    });
  }
});

describe("loss configs", () => {
  it("reads names and objects", () => {
    expect(parseLoss("crossEntropy", "loss")).toEqual({ type: "crossEntropy", labelSmoothing: 0 });
    expect(parseLoss({ type: "crossEntropy", labelSmoothing: 0.1, classWeights: [1, 2] }, "loss")).toEqual(
      crossEntropy({ labelSmoothing: 0.1, classWeights: [1, 2] }),
    );
  });
  it("says what does not fit", () => {
    expect(() => crossEntropy({ labelSmoothing: 1 })).toThrow(
      "crossEntropy: expected labelSmoothing to be a number ≥ 0 and < 1, got 1.",
    );
    expect(() => parseLoss("crossentropy", "loss")).toThrow(
      'loss: unknown loss type "crossentropy". Did you mean "crossEntropy"?',
    );
    const g = new GraphBuilder();
    const x = g.input("x", [2, 3]);
    expect(() => buildLoss(g, x, x, crossEntropy({ classWeights: [1, 2] }))).toThrow(
      "crossEntropy: expected classWeights to have one number a class (3), got 2.",
    );
  });
});
