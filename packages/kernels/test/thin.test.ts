/** Convolutions of images with one channel, with what they do on the way, against plain loops. */
import { describe, expect, it } from "vitest";
import { eachProduct } from "./each-product.ts";
import { type ConvShape, convFields } from "./encode.ts";
import { configurations, noise, relativeError, runCall, sameBits } from "./run-call.ts";

const window = { C: 1, kH: 3, kW: 3 } as const;
const shapes: readonly ConvShape[] = [
  { N: 3, H: 7, W: 9, F: 16, ...window, padding: "same" },
  { N: 2, H: 8, W: 3, F: 11, ...window, padding: "valid" },
  { N: 5, H: 1, W: 2, F: 40, ...window, padding: "full" },
  { N: 40, H: 14, W: 15, F: 33, ...window, padding: "same" },
];
const epsilon = 1e-3;

describe.each(configurations)("$variant, $threads thread(s)", (configuration) => {
  it.each(shapes)("%o", async (shape) => {
    const fields = { ...convFields(shape), epsilon };
    const { N, H, W, F, oH, oW } = fields;
    const [x, filters, bias] = [noise(N * H * W, 1), noise(9 * F, 2), noise(F, 3)];
    const rows = N * oH * oW;
    const y = Float64Array.from({ length: rows * F }, (_, i) => bias[i % F]!);
    eachProduct(fields, (xi, fi, yi) => {
      y[yi] = y[yi]! + x[xi]! * filters[fi]!;
    });
    for (const relu of [0, 1]) {
      const expected = relu ? y.map((value) => Math.max(0, value)) : y;
      const forward = await runCall(configuration, {
        kernel: "conv2dThin",
        fields: { ...fields, relu },
        reads: { x, filters, bias },
        writes: { y: y.length, moments: 2 * F },
      });
      expect(relativeError(forward.y!, expected)).toBeLessThan(2e-6);
      const moments = new Float64Array(2 * F);
      for (const [i, value] of forward.y!.entries()) moments[i % F]! += value / rows;
      for (const [i, value] of forward.y!.entries())
        moments[F + (i % F)]! += (value - moments[i % F]!) ** 2 / rows;
      expect(relativeError(forward.moments!, moments)).toBeLessThan(1e-6);
    }

    const [z, dy, paramGrad] = [noise(y.length, 4), noise(y.length, 5), noise(2 * F, 6)];
    const moments = noise(2 * F, 7).map((value, i) => (i < F ? value / 4 : 1 + value / 2));
    const [gamma, beta] = [noise(F, 8), noise(F, 9)];
    const norm = { moments, gamma, beta, paramGrad };
    for (const [through, relu] of [
      [false, 0],
      [true, 0],
      [true, 1],
    ] as const) {
      const gradients = Float64Array.from(dy, (value, i) => {
        const f = i % F;
        const deviation = Math.sqrt(moments[F + f]! + epsilon);
        const normal = (z[i]! - moments[f]!) / deviation;
        const masked = relu && normal * gamma[f]! + beta[f]! <= 0 ? 0 : value;
        if (!through) return value;
        return (gamma[f]! / deviation) * (masked - (paramGrad[F + f]! + normal * paramGrad[f]!) / rows);
      });
      const dFilters = new Float64Array(filters.length);
      eachProduct(fields, (xi, fi, yi) => {
        dFilters[fi] = dFilters[fi]! + gradients[yi]! * x[xi]!;
      });
      const call = {
        kernel: "conv2dThinFilterGrad",
        fields: { ...fields, relu },
        reads: { x, dy, ...(through ? { z, ...norm } : { z: undefined }) },
        writes: { dFilters: dFilters.length },
      };
      const backward = await runCall(configuration, call);
      expect(relativeError(backward.dFilters!, dFilters)).toBeLessThan(3e-6);
      const single = await runCall({ ...configuration, threads: 1 }, call);
      expect(sameBits(backward.dFilters!, single.dFilters!)).toBe(true);
    }
  });
});
