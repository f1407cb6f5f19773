/** Products from bf16 pieces on the matrix unit: no less exact than float32, and as careful with what is not finite. */
import { describe, expect, it } from "vitest";
import { convFields, noJoins } from "./encode.ts";
import { kernels, noise, relativeError, runCall } from "./run-call.ts";

const variants = kernels.variants.filter((variant) => variant.startsWith("amx"));

function multiply(variant: string, [M, N, K]: readonly number[], a: Float32Array, b: Float32Array) {
  const fields = { M: M!, N: N!, K: K!, transposeA: 0, transposeB: 0, relu: 0 };
  return runCall(
    { variant, threads: 2 },
    { kernel: "gemm", fields, reads: { a, b, bias: undefined }, writes: { c: M! * N! } },
  ).then(({ c }) => c!);
}

describe.each(variants)("%s", (variant) => {
  it("is as exact as the vector units, for factors of very different sizes", async () => {
    const shape = [64, 96, 600] as const;
    const [M, N, K] = shape;
    const spread = (values: Float32Array) => values.map((value, i) => value * 10 ** ((i % 13) - 6));
    const [a, b] = [spread(noise(M * K, 1)), spread(noise(K * N, 2))];
    const meanError = (c: Float32Array) => {
      let total = 0;
      for (let m = 0; m < M; m++)
        for (let n = 0; n < N; n++) {
          let [sum, size] = [0, 0];
          for (let k = 0; k < K; k++) {
            const product = a[m * K + k]! * b[k * N + n]!;
            sum += product;
            size += Math.abs(product);
          }
          total += Math.abs(c[m * N + n]! - sum) / size;
        }
      return total / (M * N);
    };
    const [ours, vectors] = [
      meanError(await multiply(variant, shape, a, b)),
      meanError(await multiply("portable", shape, a, b)),
    ];
    expect(ours).toBeLessThan(vectors);
  });

  it("lets NaN and infinity through, each to its own row", async () => {
    const shape = [64, 64, 128] as const;
    const [a, b] = [noise(64 * 128, 1), noise(128 * 64, 2)];
    a[3 * 128 + 40] = Number.NaN;
    a[37 * 128] = Number.POSITIVE_INFINITY;
    const c = await multiply(variant, shape, a, b);
    for (let i = 0; i < c.length; i++)
      expect(Number.isFinite(c[i]!)).toBe(![3, 37].includes(Math.floor(i / 64)));
  });

  it("multiplies the smallest and largest numbers as float32 does", async () => {
    const shape = [64, 64, 128] as const;
    const a = noise(64 * 128, 1).map((value) => value * 2 ** 120);
    const b = noise(128 * 64, 2).map((value) => value * 2 ** -100);
    const [ours, vectors] = [await multiply(variant, shape, a, b), await multiply("portable", shape, a, b)];
    for (let i = 0; i < ours.length; i++)
      expect(Math.abs(ours[i]! - vectors[i]!)).toBeLessThan(1e-5 * 2 ** 20);
  });
});

/** Without the instructions this many products would take minutes. */
describe.runIf(variants.includes("amx"))("convolutions of batches that are taken in parts", () => {
  const fields = convFields({ N: 100, H: 14, W: 14, C: 256, F: 256, kH: 3, kW: 3, padding: "same" });
  const images = noise(100 * 14 * 14 * 256, 1);
  const gradients = noise(images.length, 2);
  const filters = noise(9 * 256 * 256, 3);
  it.each([
    ["conv2d", { x: images, filters, bias: undefined }, { y: images.length }],
    ["conv2dInputGrad", { filters, dy: gradients }, { dx: images.length }],
    ["conv2dFilterGrad", { x: images, dy: gradients }, { dFilters: filters.length }],
  ])("%s has the result of Fourier's", async (kernel, reads, writes) => {
    const run = (algorithm: string) =>
      runCall(
        { variant: "amx", threads: 2 },
        { kernel: `${kernel}${algorithm}`, fields, reads: { ...reads, ...noJoins }, writes },
      );
    const [ours, theirs] = [await run("Winograd"), await run("Fft")];
    for (const name of Object.keys(writes))
      expect(relativeError(ours[name]!, theirs[name]!)).toBeLessThan(4e-6);
  });
});
