/** Gathering in C++ against its description in TypeScript: every augmentation, alone and together, bit for bit. */
import { loadKernels } from "@atelier/kernels";
import { describe, expect, it } from "vitest";
import type { AugmentationSpec } from "../../train/augmentation.ts";
import type { ImageDataset } from "../../train/dataset.ts";
import { gatherBatch } from "../reference/gather.ts";
import { nativeAugmentation } from "./native-augmentation.ts";

const kernels = loadKernels();

function dataset(height: number, width: number, channels: number): ImageDataset {
  const size = 11;
  const images = Uint8Array.from(
    { length: size * height * width * channels },
    (_, i) => (i * 2654435761) >>> 24,
  );
  return {
    name: "noise",
    size,
    shape: [height, width, channels],
    images,
    labels: Uint8Array.from({ length: size }, (_, i) => i % 3),
    classNames: ["a", "b", "c"],
    checksum: "",
  };
}

const specs: Record<string, AugmentationSpec> = {
  none: {},
  "random flip": { flip: "random" },
  "alternating flip": { flip: "alternating" },
  shift: { shift: { pixels: 2 } },
  "shift beyond the image": { shift: { pixels: 9 } },
  "flip and shift": { flip: "random", shift: { pixels: 1 } },
  cutout: { cutout: { size: 3 } },
  "cutout sometimes": { flip: "random", cutout: { size: 4, probability: 0.5 } },
  brightness: { brightness: 0.4 },
  contrast: { contrast: 0.6 },
  affine: { affine: { degrees: 20, scale: 0.2 } },
  mixup: { mixup: { alpha: 0.2 } },
  everything: {
    flip: "alternating",
    shift: { pixels: 1 },
    affine: { degrees: 10 },
    cutout: { size: 2 },
    brightness: 0.2,
    contrast: 0.2,
    mixup: { alpha: 1 },
  },
};

const sizes = [
  [5, 7, 1],
  [6, 4, 3],
  [33, 35, 1],
] as const;

/** Images [N, pixels, channels] as [⌈N/16⌉, channels, pixels, 16]. */
function inLanes(images: Float32Array, rows: number, channels: number): Float32Array {
  const pixels = images.length / rows / channels;
  const lanes = new Float32Array(Math.ceil(rows / 16) * 16 * pixels * channels);
  images.forEach((value, i) => {
    const [n, pixel, c] = [
      Math.floor(i / channels / pixels),
      Math.floor(i / channels) % pixels,
      i % channels,
    ];
    lanes[((Math.floor(n / 16) * channels + c) * pixels + pixel) * 16 + (n % 16)] = value;
  });
  return lanes;
}

describe.each(
  kernels.variants.flatMap((variant) =>
    (
      [
        ["plain", 7],
        ["lanes", 37],
        ["lanes", 128],
      ] as const
    ).map(([form, rows]) => ({ variant, form, rows })),
  ),
)("$variant, $rows images, $form", ({ variant, form, rows }) => {
  for (const [[height, width, channels], [name, augmentation]] of sizes.flatMap((size) =>
    Object.entries(specs).map((spec) => [size, spec] as const),
  )) {
    it(`${name}, ${height}×${width}×${channels}`, async () => {
      const data = dataset(height, width, channels);
      const normalization = {
        mean: [0.286, 0.4, 0.5].slice(0, channels),
        std: [0.353, 0.2, 0.25].slice(0, channels),
      };
      const [steps, firstStep, seed, mixupWeight] = [3, 1000, 2 ** 40 + 12345, 0.7];
      const order = Int32Array.from({ length: rows * steps }, (_, i) => (i * 5) % data.size);
      const floats = (form === "lanes" ? Math.ceil(rows / 16) * 16 : rows) * height * width * channels;
      const session = kernels.createSession({
        variant,
        threads: 2,
        stateFloats: 16,
        arenaFloats: floats + rows * 3,
      });
      session.upload(0, data.images, Int32Array.from(data.labels), [data.size, height, width, channels]);
      const program = session.addProgram({
        words: new Int32Array(),
        rows,
        images: { ref: 0, shape: [rows, height, width, channels], form },
        targets: { ref: floats, shape: [rows, 3] },
        scalars: [],
        outputs: [
          { ref: 0, floats },
          { ref: floats, floats: rows * 3 },
        ],
      });
      const result = await session.run({
        whole: { program, scalarColumns: [], outputs: [0, 1] },
        dataset: 0,
        order,
        steps,
        scalars: new Float32Array(steps).fill(mixupWeight),
        columns: 1,
        mixupColumn: augmentation.mixup ? 0 : undefined,
        ...normalization,
        augmentation: nativeAugmentation(augmentation),
        seed,
        firstStep,
        epochIndex: 3,
      });
      session.close();
      for (let step = 0; step < steps; step++) {
        const expected = gatherBatch({
          dataset: data,
          indices: order.subarray(step * rows, (step + 1) * rows),
          normalization,
          augmentation,
          seed,
          step: firstStep + step,
          epochIndex: 3,
          mixupWeight,
          classes: 3,
        });
        const images = result.outputs[0]!.subarray(step * floats, (step + 1) * floats);
        const targets = result.outputs[1]!.subarray(step * rows * 3, (step + 1) * rows * 3);
        expect(targets).toEqual(expected.targets);
        const truth = form === "lanes" ? inLanes(expected.images, rows, channels) : expected.images;
        if (!augmentation.affine) expect(images).toEqual(truth);
        const error = images.reduce((most, value, i) => Math.max(most, Math.abs(value - truth[i]!)), 0);
        expect(error).toBeLessThan(1e-5);
      }
    });
  }
});

/** Of augmentations that make no new pixels. */
const movers = Object.entries(specs).filter(
  ([, { affine, brightness, contrast, mixup }]) => !(affine || brightness || contrast || mixup),
);

/** One step of `rows` images as bytes. */
async function gatherBytes(data: ImageDataset, augmentation: AugmentationSpec) {
  const [rows, ...shape] = [7, ...data.shape] as const;
  const bytes = rows * shape[0]! * shape[1]! * shape[2]!;
  const floats = Math.ceil(bytes / 4);
  const session = kernels.createSession({ threads: 2, stateFloats: 0, arenaFloats: floats });
  try {
    session.upload(0, data.images, Int32Array.from(data.labels), [data.size, ...data.shape]);
    const program = session.addProgram({
      words: new Int32Array(),
      rows,
      images: { ref: 0, shape: [rows, ...shape], form: "bytes" },
      scalars: [],
      outputs: [{ ref: 0, floats }],
    });
    const job = {
      whole: { program, scalarColumns: [], outputs: [0] },
      dataset: 0,
      order: Int32Array.from({ length: rows }, (_, i) => (i * 5) % data.size),
      steps: 1,
      scalars: Float32Array.of(0.7),
      columns: 1,
      mixupColumn: augmentation.mixup ? 0 : undefined,
      mean: new Array<number>(data.shape[2]).fill(0),
      std: new Array<number>(data.shape[2]).fill(1),
      augmentation: nativeAugmentation(augmentation),
      seed: 99,
      firstStep: 3,
      epochIndex: 1,
    };
    const { outputs } = await session.run(job);
    const expected = gatherBatch({
      dataset: data,
      indices: job.order,
      normalization: job,
      augmentation,
      seed: job.seed,
      step: job.firstStep,
      epochIndex: job.epochIndex,
      mixupWeight: 1,
      classes: 3,
    });
    return {
      actual: new Uint8Array(outputs[0]!.buffer, 0, bytes),
      expected: Uint8Array.from(expected.images, (value) => Math.round(value * 255)),
    };
  } finally {
    session.close();
  }
}

describe.each(sizes)("pixels as bytes, %d×%d×%d", (height, width, channels) => {
  it.each(movers)("%s", async (_, augmentation) => {
    const { actual, expected } = await gatherBytes(dataset(height, width, channels), augmentation);
    expect(actual).toEqual(expected);
  });
});

it("refuses to make new pixels as bytes", async () => {
  for (const [name, augmentation] of Object.entries(specs))
    if (!movers.some(([mover]) => mover === name))
      await expect(gatherBytes(dataset(5, 7, 1), augmentation), name).rejects.toThrow("makes new pixels");
});

it("refuses labels beyond the classes, indices beyond the data set and shapes that differ", async () => {
  const data = dataset(5, 7, 1);
  const session = kernels.createSession({ threads: 1, stateFloats: 0, arenaFloats: 100 });
  session.upload(0, data.images, Int32Array.from(data.labels), [data.size, 5, 7, 1]);
  const add = (shape: readonly number[], classes: number) =>
    session.addProgram({
      words: new Int32Array(),
      rows: 1,
      images: { ref: 0, shape },
      targets: { ref: 64, shape: [1, classes] },
      scalars: [],
      outputs: [],
    });
  const run = (program: number, index: number) =>
    session.run({
      whole: { program, scalarColumns: [], outputs: [] },
      dataset: 0,
      order: Int32Array.of(index),
      steps: 1,
      scalars: new Float32Array(),
      columns: 0,
      mean: [0],
      std: [1],
      seed: 1,
      firstStep: 0,
      epochIndex: 0,
    });
  await expect(run(add([1, 5, 7, 1], 2), 0)).rejects.toThrow("a label of 2 with 2 classes");
  await expect(run(add([1, 7, 5, 1], 3), 0)).rejects.toThrow("differ in shape");
  await expect(run(add([1, 5, 7, 1], 3), 11)).rejects.toThrow("image 11 of a data set of 11");
  await expect(run(add([1, 5, 7, 1], 3), 10)).resolves.toMatchObject({ end: "done" });
  session.close();
});
