import { describe, expect, it } from "vitest";
import {
  type ConvGeometry,
  convolutionKernel,
  fourierWork,
  vectorUnits,
  winogradWork,
} from "./convolution.ts";

/** A square 'same' convolution. */
function same(N: number, size: number, C: number, F: number, taps: number): ConvGeometry {
  const pad = Math.floor((taps - 1) / 2);
  const [H, W, oH, oW] = [size, size, size, size];
  const ones = { sH: 1, sW: 1, dH: 1, dW: 1, groups: 1 };
  return { N, H, W, C, kH: taps, kW: taps, F, ...ones, padTop: pad, padLeft: pad, oH, oW };
}

describe("the choice of a convolution's algorithm", () => {
  it("takes the Fourier transform for the wide layers of cnn-tuned, and direct for its first", () => {
    expect(convolutionKernel("conv2d", same(64, 28, 1, 512, 5), vectorUnits)).toBe("conv2d");
    expect(convolutionKernel("conv2d", same(64, 14, 512, 512, 3), vectorUnits)).toBe("conv2dFft");
    expect(convolutionKernel("conv2d", same(64, 14, 512, 128, 7), vectorUnits)).toBe("conv2dFft");
    expect(convolutionKernel("conv2d", same(64, 7, 128, 64, 5), vectorUnits)).toBe("conv2dFft");
  });

  it("takes Winograd's algorithm for the 3×3 layers of cnn-small, and one for few taps for its first", () => {
    expect(convolutionKernel("conv2d", same(256, 28, 1, 16, 3), vectorUnits)).toBe("conv2dThin");
    for (const [size, C, F] of [
      [28, 16, 32],
      [14, 32, 32],
      [14, 32, 64],
      [7, 64, 64],
      [7, 64, 128],
      [3, 128, 128],
    ] as const) {
      const conv = same(256, size, C, F, 3);
      expect(convolutionKernel("conv2d", conv, vectorUnits)).toBe("conv2dWinograd");
      expect(convolutionKernel("conv2dInputGrad", conv, vectorUnits)).toBe("conv2dInputGradWinograd");
      expect(convolutionKernel("conv2dFilterGrad", conv, vectorUnits)).toBe("conv2dFilterGradWinograd");
    }
  });

  it("takes Winograd's algorithm for wide layers of 3×3 windows where there is a matrix unit", () => {
    const machine = { matrixUnit: true };
    for (const conv of [same(64, 14, 512, 512, 3), same(64, 7, 256, 256, 3)]) {
      expect(convolutionKernel("conv2d", conv, machine)).toBe("conv2dWinograd");
      expect(convolutionKernel("conv2dInputGrad", conv, machine)).toBe("conv2dInputGradWinograd");
      expect(convolutionKernel("conv2dFilterGrad", conv, machine)).toBe("conv2dFilterGradWinograd");
    }
    expect(convolutionKernel("conv2d", same(64, 14, 512, 128, 7), machine)).toBe("conv2dFft");
    expect(convolutionKernel("conv2d", same(64, 14, 512, 1024, 3), machine)).toBe("conv2dFft"); // too many filters for a cache
  });

  it("stays direct where transforms would outweigh the products", () => {
    expect(convolutionKernel("conv2d", same(128, 14, 8, 16, 3), vectorUnits)).toBe("conv2d");
    expect(convolutionKernel("conv2d", same(1, 14, 512, 512, 3), vectorUnits)).toBe("conv2d"); // one image cannot pay for the filters
    expect(convolutionKernel("conv2d", same(64, 14, 512, 512, 1), vectorUnits)).toBe("conv2d");
  });

  it("leaves a slower direct kernel sooner", () => {
    const conv = same(128, 7, 16, 32, 3);
    expect(convolutionKernel("conv2dInputGrad", conv, vectorUnits)).toBe("conv2dInputGrad");
    expect(convolutionKernel("conv2dFilterGrad", conv, vectorUnits)).toBe("conv2dFilterGradWinograd");
  });

  it("stays direct for what no other kernel takes", () => {
    const wide = same(64, 14, 512, 128, 7);
    expect(convolutionKernel("conv2d", { ...wide, sH: 2, oH: 7 }, vectorUnits)).toBe("conv2d");
    expect(convolutionKernel("conv2d", { ...wide, dW: 2, padLeft: 6 }, vectorUnits)).toBe("conv2d");
    expect(convolutionKernel("conv2d", { ...wide, groups: 2 }, vectorUnits)).toBe("conv2d");
    expect(convolutionKernel("conv2d", same(1, 129, 512, 512, 7), vectorUnits)).toBe("conv2d");
  });
});

it("counts four multiply-adds a distinct bin", () => {
  // 3×3 on 14×14: a torus of 15×15, half of whose bins differ.
  expect(fourierWork(same(2, 14, 5, 7, 3)).products).toBe(4 * (225 / 2) * 2 * 5 * 7);
});

it("counts a multiply-add a bin: 36 a tile of 4×4 outputs, 25 of 3×3, 30 of 4×3", () => {
  expect(winogradWork({ N: 2, C: 5, F: 7, oH: 7, oW: 7 }).products).toBe((36 + 2 * 30 + 25) * 2 * 5 * 7);
  expect(winogradWork({ N: 1, C: 1, F: 1, oH: 9, oW: 2 }).products).toBe((6 + 5 + 5) * 4); // 9 = 4 + 3 + 3 − 1
});
