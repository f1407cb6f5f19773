import { describe, expect, it } from "vitest";
import { batchNorm } from "./layers/batch-norm.ts";
import { conv2d } from "./layers/conv2d.ts";
import { dense } from "./layers/dense.ts";
import { dropout } from "./layers/dropout.ts";
import { flatten } from "./layers/flatten.ts";
import { globalMaxPool2d } from "./layers/global-max-pool2d.ts";
import { maxPool2d } from "./layers/max-pool2d.ts";
import { sequential } from "./model.ts";

const input = [28, 28, 1] as const;

describe("sequential", () => {
  it("counts cnn-small", () => {
    const block = (filters: number, pool: boolean) => [
      conv2d(filters, 3, { padding: "same", useBias: false }),
      ...(pool ? [maxPool2d(2)] : []),
      batchNorm(),
    ];
    const model = sequential(
      [
        ...block(16, false),
        ...[32, 64, 128].flatMap((filters) => [...block(filters, true), ...block(filters, false)]),
        globalMaxPool2d(),
        dense(10),
      ],
      { input },
    );
    expect(model.counts).toEqual({ total: 293_594, trainable: 292_666, nonTrainable: 928 });
  });
  it("counts the tuned CNN layer by layer", () => {
    const model = sequential(
      [
        conv2d(512, 5, { padding: "same", activation: "relu" }),
        maxPool2d(2),
        conv2d(512, 3, { padding: "same", activation: "relu" }),
        conv2d(128, 7, { padding: "same", activation: "relu" }),
        batchNorm(),
        maxPool2d(2),
        conv2d(64, 5, { padding: "same", activation: "relu" }),
        dropout(0.4),
        flatten(),
        dense(10),
      ],
      { input },
    );
    expect(model.counts).toEqual({ total: 5_821_258, trainable: 5_821_002, nonTrainable: 256 });
    expect(model.layers.map((layer) => layer.parameterCount)).toEqual([
      13_312, 0, 2_359_808, 3_211_392, 512, 0, 204_864, 0, 0, 31_370,
    ]);
  });
});
