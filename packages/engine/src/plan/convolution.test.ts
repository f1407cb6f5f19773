import { describe, expect, it } from "vitest";
import { type ConvGeometry, convolutionAlgorithm } from "./convolution.ts";

/** A square 'same' convolution. */
function same(N: number, size: number, C: number, F: number, taps: number): ConvGeometry {
  const pad = Math.floor((taps - 1) / 2);
  const [H, W, oH, oW] = [size, size, size, size];
  const ones = { sH: 1, sW: 1, dH: 1, dW: 1, groups: 1 };
  return { N, H, W, C, kH: taps, kW: taps, F, ...ones, padTop: pad, padLeft: pad, oH, oW };
}

describe("the choice of a convolution's algorithm", () => {
  it("takes the Fourier transform for the wide layers of cnn-tuned, and direct for its first", () => {
    expect(convolutionAlgorithm(same(64, 28, 1, 512, 5))).toBe("");
    expect(convolutionAlgorithm(same(64, 14, 512, 512, 3))).toBe("Fft");
    expect(convolutionAlgorithm(same(64, 14, 512, 128, 7))).toBe("Fft");
    expect(convolutionAlgorithm(same(64, 7, 128, 64, 5))).toBe("Fft");
  });

  it("stays direct where transforms would outweigh the products", () => {
    expect(convolutionAlgorithm(same(256, 28, 16, 32, 3))).toBe("");
    expect(convolutionAlgorithm(same(128, 14, 8, 16, 3))).toBe("");
    expect(convolutionAlgorithm(same(1, 14, 512, 512, 3))).toBe(""); // one image cannot pay for the filters
    expect(convolutionAlgorithm(same(64, 14, 512, 512, 1))).toBe("");
  });

  it("stays direct for what the Fourier kernels do not take", () => {
    const wide = same(64, 14, 512, 128, 7);
    expect(convolutionAlgorithm({ ...wide, sH: 2, oH: 7 })).toBe("");
    expect(convolutionAlgorithm({ ...wide, dW: 2, padLeft: 6 })).toBe("");
    expect(convolutionAlgorithm({ ...wide, groups: 2 })).toBe("");
    expect(convolutionAlgorithm(same(1, 129, 512, 512, 7))).toBe("");
  });
});
