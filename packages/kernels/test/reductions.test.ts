/** Sums over many rows: accuracy at a million, the same bits at every thread count. */
import { describe, expect, it } from "vitest";
import { kernels, noise, relativeError, runCall, sameBits } from "./run-call.ts";

const variants = kernels.variants.filter((variant) => variant !== "naive"); // it has the portable ones

describe.each(variants)("%s", (variant) => {
  const run = (call: Parameters<typeof runCall>[1], threads = 1) => runCall({ variant, threads }, call);

  it.each([
    [1_000_000, 1],
    [200_003, 3],
    [50_001, 17],
    [3001, 130],
  ])("moments of [%i, %i] about a large mean", async (rows, C) => {
    const x = noise(rows * C, 9).map((value) => value + 100);
    const call = { kernel: "moments", fields: { rows, C }, reads: { x }, writes: { y: 2 * C } };
    const { y } = await run(call);
    const [mean, variance] = [new Float64Array(C), new Float64Array(C)];
    for (let i = 0; i < x.length; i++) mean[i % C]! += x[i]! / rows;
    for (let i = 0; i < x.length; i++) variance[i % C]! += (x[i]! - mean[i % C]!) ** 2 / rows;
    expect(relativeError(y!.subarray(0, C), mean)).toBeLessThan(2e-7);
    expect(relativeError(y!.subarray(C), variance)).toBeLessThan(2e-6);
    expect(sameBits((await run(call, 2)).y!, y!)).toBe(true);
  });

  it.each([
    [1, 1_000_000, 1],
    [1, 100_003, 7],
    [1, 5000, 200],
    [64, 784, 1],
    [300, 49, 16],
    [3, 1000, 33],
  ])("reduceSum [%i, %i, %i]", async (outer, reduce, inner) => {
    const x = noise(outer * reduce * inner, 10).map((value) => value + 0.5);
    const call = {
      kernel: "reduceSum",
      fields: { outer, reduce, inner },
      reads: { x },
      writes: { y: outer * inner },
    };
    const expected = new Float64Array(outer * inner);
    for (let o = 0; o < outer; o++)
      for (let r = 0; r < reduce; r++)
        for (let i = 0; i < inner; i++) expected[o * inner + i]! += x[(o * reduce + r) * inner + i]!;
    const { y } = await run(call);
    expect(relativeError(y!, expected)).toBeLessThan(5e-7);
    expect(sameBits((await run(call, 2)).y!, y!)).toBe(true);
  });

  it.each([
    [70_001, 8],
    [9001, 40],
    [40, 512],
  ])("batch norm gradients over [%i, %i]", async (rows, C) => {
    const epsilon = 1e-3;
    const [x, dy, gamma] = [noise(rows * C, 11), noise(rows * C, 12), noise(C, 13)];
    const moments = Float32Array.from({ length: 2 * C }, (_, i) => (i < C ? 0.01 * i : 0.3 + 0.001 * i));
    const expected = new Float64Array(2 * C);
    const normal = (i: number) => (x[i]! - moments[i % C]!) / Math.sqrt(moments[C + (i % C)]! + epsilon);
    for (let i = 0; i < x.length; i++) {
      expected[i % C]! += dy[i]! * normal(i);
      expected[C + (i % C)]! += dy[i]!;
    }
    const fields = { rows, C, epsilon, relu: 0 };
    const paramGrad = {
      kernel: "batchNormParamGrad",
      fields,
      reads: { x, moments, gamma: undefined, beta: undefined, dy },
      writes: { y: 2 * C },
    };
    const { y } = await run(paramGrad);
    expect(relativeError(y!, expected)).toBeLessThan(3e-6);
    expect(sameBits((await run(paramGrad, 2)).y!, y!)).toBe(true);

    const { dx } = await run({
      kernel: "batchNormInputGrad",
      fields,
      reads: { x, moments, gamma, beta: undefined, paramGrad: y!, dy },
      writes: { dx: rows * C },
    });
    const truth = Float64Array.from(x, (_, i) => {
      const c = i % C;
      const centred = dy[i]! - expected[C + c]! / rows - (normal(i) * expected[c]!) / rows;
      return (gamma[c]! / Math.sqrt(moments[C + c]! + epsilon)) * centred;
    });
    expect(relativeError(dx!, truth)).toBeLessThan(2e-6);
  });
});
