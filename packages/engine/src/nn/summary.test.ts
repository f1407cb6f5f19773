import { describe, expect, it } from "vitest";
import { add } from "./layers/add.ts";
import { batchNorm } from "./layers/batch-norm.ts";
import { conv2d } from "./layers/conv2d.ts";
import { dense } from "./layers/dense.ts";
import { dropout } from "./layers/dropout.ts";
import { flatten } from "./layers/flatten.ts";
import { maxPool2d } from "./layers/max-pool2d.ts";
import { sequential } from "./model.ts";
import { summary, summaryData } from "./summary.ts";

describe("summary prints what Keras 3 prints", () => {
  it("for an MLP", () => {
    const model = sequential([flatten(), dense(1024, { activation: "relu" }), dropout(0.3), dense(10)], {
      input: [28, 28, 1],
    });
    expect(summary(model)).toMatchInlineSnapshot(`
      "Model: "sequential"
      ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
      ┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
      ┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
      │ flatten (Flatten)               │ (None, 784)            │             0 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ dense (Dense)                   │ (None, 1024)           │       803,840 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ dropout (Dropout)               │ (None, 1024)           │             0 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ dense_1 (Dense)                 │ (None, 10)             │        10,250 │
      └─────────────────────────────────┴────────────────────────┴───────────────┘
       Total params: 814,090 (3.11 MB)
       Trainable params: 814,090 (3.11 MB)
       Non-trainable params: 0 (0.00 B)
      "
    `);
  });

  it("for the tuned CNN", () => {
    const same = { padding: "same", activation: "relu" } as const;
    const model = sequential(
      [
        conv2d(512, 5, same),
        maxPool2d(2),
        conv2d(512, 3, same),
        conv2d(128, 7, same),
        batchNorm(),
        maxPool2d(2),
        conv2d(64, 5, same),
        dropout(0.4),
        flatten(),
        dense(10),
      ],
      { input: [28, 28, 1] },
    );
    expect(summary(model)).toMatchInlineSnapshot(`
      "Model: "sequential"
      ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
      ┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
      ┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
      │ conv2d (Conv2D)                 │ (None, 28, 28, 512)    │        13,312 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ max_pooling2d (MaxPooling2D)    │ (None, 14, 14, 512)    │             0 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ conv2d_1 (Conv2D)               │ (None, 14, 14, 512)    │     2,359,808 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ conv2d_2 (Conv2D)               │ (None, 14, 14, 128)    │     3,211,392 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ batch_normalization             │ (None, 14, 14, 128)    │           512 │
      │ (BatchNormalization)            │                        │               │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ max_pooling2d_1 (MaxPooling2D)  │ (None, 7, 7, 128)      │             0 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ conv2d_3 (Conv2D)               │ (None, 7, 7, 64)       │       204,864 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ dropout (Dropout)               │ (None, 7, 7, 64)       │             0 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ flatten (Flatten)               │ (None, 3136)           │             0 │
      ├─────────────────────────────────┼────────────────────────┼───────────────┤
      │ dense (Dense)                   │ (None, 10)             │        31,370 │
      └─────────────────────────────────┴────────────────────────┴───────────────┘
       Total params: 5,821,258 (22.21 MB)
       Trainable params: 5,821,002 (22.21 MB)
       Non-trainable params: 256 (1.00 KB)
      "
    `);
  });

  it("for branches, with what they connect to", () => {
    const model = sequential(
      [
        conv2d(4, 1, { name: "shortcut" }),
        conv2d(4, 3, { padding: "same", from: "input", name: "a_rather_long_layer_name" }),
        add({ from: ["shortcut", "a_rather_long_layer_name"] }),
        flatten(),
        dense(2),
      ],
      { input: [4, 4, 1] },
    );
    expect(summary(model)).toMatchInlineSnapshot(`
      "Model: "functional"
      ┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━┓
      ┃ Layer (type)             ┃ Output Shape      ┃    Param # ┃ Connected to             ┃
      ┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━┩
      │ shortcut (Conv2D)        │ (None, 4, 4, 4)   │          8 │ input                    │
      ├──────────────────────────┼───────────────────┼────────────┼──────────────────────────┤
      │ a_rather_long_layer_name │ (None, 4, 4, 4)   │         40 │ input                    │
      │ (Conv2D)                 │                   │            │                          │
      ├──────────────────────────┼───────────────────┼────────────┼──────────────────────────┤
      │ add (Add)                │ (None, 4, 4, 4)   │          0 │ shortcut,                │
      │                          │                   │            │ a_rather_long_layer_name │
      ├──────────────────────────┼───────────────────┼────────────┼──────────────────────────┤
      │ flatten (Flatten)        │ (None, 64)        │          0 │ add                      │
      ├──────────────────────────┼───────────────────┼────────────┼──────────────────────────┤
      │ dense (Dense)            │ (None, 2)         │        130 │ flatten                  │
      └──────────────────────────┴───────────────────┴────────────┴──────────────────────────┘
       Total params: 178 (712.00 B)
       Trainable params: 178 (712.00 B)
       Non-trainable params: 0 (0.00 B)
      "
    `);
    expect(summaryData(model)).toMatchObject({ isChain: false, counts: { total: 178 }, sizeBytes: 712 });
  });
});
