/** gemm and the convolutions against their definitions in float64, at sizes that fit no tile. */
import { describe, expect, it } from "vitest";
import { eachProduct } from "./each-product.ts";
import { type ConvShape, convFields, noJoins } from "./encode.ts";
import { configurations, noise, relativeError, runCall } from "./run-call.ts";

const gemmShapes = [
  [1, 1, 1],
  [1, 7, 13],
  [7, 13, 17],
  [13, 33, 7],
  [17, 10, 1],
  [33, 17, 65],
  [65, 8, 40],
  [200, 48, 1100],
  [5, 130, 2100],
  [37, 10, 1027],
  [30, 20, 3],
  [61, 512, 10],
  [70, 545, 130],
  [300, 130, 40],
  [290, 600, 150],
  [1060, 1050, 33],
] as const;

const convShapes: ConvShape[] = [
  { N: 2, H: 5, W: 7, C: 1, F: 8, kH: 3, kW: 3, padding: "same" },
  { N: 3, H: 6, W: 4, C: 7, F: 13, kH: 3, kW: 5, padding: "same" },
  { N: 1, H: 9, W: 8, C: 17, F: 33, kH: 2, kW: 4, padding: "same" },
  { N: 2, H: 8, W: 11, C: 13, F: 7, kH: 3, kW: 3, sH: 2, sW: 2, padding: "same" },
  { N: 2, H: 8, W: 10, C: 4, F: 17, kH: 4, kW: 2, sH: 2, sW: 3, padding: "same" },
  { N: 2, H: 9, W: 12, C: 5, F: 6, kH: 3, kW: 3, dH: 2, dW: 2, padding: "same" },
  { N: 2, H: 9, W: 12, C: 6, F: 10, kH: 3, kW: 3, groups: 2, padding: "same" },
  { N: 2, H: 7, W: 6, C: 4, F: 4, kH: 3, kW: 3, groups: 4, sH: 2, sW: 2, dH: 2, padding: "same" },
  { N: 3, H: 10, W: 9, C: 33, F: 1, kH: 5, kW: 3, padding: "valid" },
  { N: 1, H: 7, W: 7, C: 3, F: 16, kH: 7, kW: 7, padding: "valid" },
  { N: 2, H: 5, W: 5, C: 16, F: 32, kH: 1, kW: 1, sH: 2, sW: 2, padding: "valid" },
  { N: 2, H: 3, W: 3, C: 20, F: 9, kH: 7, kW: 7, padding: "same" },
  { N: 1, H: 1, W: 2, C: 3, F: 5, kH: 1, kW: 2, padding: "same" },
  { N: 2, H: 4, W: 3, C: 21, F: 37, kH: 5, kW: 1, padding: "same" },
  { N: 300, H: 3, W: 2, C: 8, F: 3, kH: 3, kW: 3, padding: "same" },
  { N: 1, H: 4, W: 5, C: 200, F: 9, kH: 2, kW: 2, padding: "valid" },
  { N: 40, H: 14, W: 14, C: 8, F: 16, kH: 3, kW: 3, padding: "same" },
  { N: 30, H: 7, W: 13, C: 35, F: 70, kH: 3, kW: 3, padding: "same" },
  { N: 3, H: 11, W: 8, C: 20, F: 18, kH: 3, kW: 3, padding: "valid" },
  { N: 5, H: 3, W: 1, C: 4, F: 50, kH: 3, kW: 3, padding: "same" },
  { N: 4, H: 5, W: 4, C: 19, F: 12, kH: 3, kW: 3, padding: "full" },
  { N: 2, H: 6, W: 6, C: 96, F: 128, kH: 5, kW: 5, padding: "same" },
];

/** So many images that the Fourier kernels take them in parts, and too many for the naive kernels' float sums. */
const manyImages: ConvShape = { N: 7000, H: 14, W: 14, C: 1, F: 1, kH: 3, kW: 3, padding: "same" };

/** So many channels that Winograd's products take place on the matrix unit; and more tiles than it takes at once. */
const wideLayers: ConvShape[] = [
  { N: 3, H: 5, W: 6, C: 256, F: 288, kH: 3, kW: 3, padding: "same" },
  { N: 40, H: 4, W: 3, C: 288, F: 256, kH: 3, kW: 3, padding: "valid" },
];
/** What no other shape shows of a variant, at a cost that not every one of them can bear. */
function shapesFor(variant: string): readonly ConvShape[] {
  if (variant === "naive") return convShapes;
  return [...convShapes, manyImages, ...(variant.startsWith("amx") ? wideLayers : [])];
}

describe.each(configurations)("$variant, $threads thread(s)", (configuration) => {
  for (const [M, N, K] of gemmShapes) {
    for (const [transposeA, transposeB] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      it(`gemm ${M}×${N}×${K} ${transposeA}${transposeB}`, async () => {
        const [a, b, bias] = [noise(M * K, 1), noise(K * N, 2), noise(N, 3)];
        const relu = (M + N) % 2;
        const call = {
          kernel: "gemm",
          fields: { M, N, K, transposeA, transposeB, relu },
          reads: { a, b, bias: N % 3 === 0 ? undefined : bias },
          writes: { c: M * N },
        };
        const { c } = await runCall(configuration, call);
        const expected = new Float64Array(M * N);
        for (let m = 0; m < M; m++)
          for (let n = 0; n < N; n++) {
            let sum = N % 3 === 0 ? 0 : bias[n]!;
            for (let k = 0; k < K; k++)
              sum += a[transposeA ? k * M + m : m * K + k]! * b[transposeB ? n * K + k : k * N + n]!;
            expected[m * N + n] = relu ? Math.max(0, sum) : sum;
          }
        expect(relativeError(c!, expected)).toBeLessThan(2e-6);
      });
    }
  }

  for (const shape of shapesFor(configuration.variant)) {
    it(`convolutions ${JSON.stringify(shape)}`, async () => {
      const fields = convFields(shape);
      const { N, H, W, C, F, kH, kW, oH, oW, groups } = fields;
      const [x, filters, bias] = [noise(N * H * W * C, 4), noise((kH * kW * C * F) / groups, 5), noise(F, 6)];
      const dy = noise(N * oH * oW * F, 7);
      const y = Float64Array.from(dy, (_, i) => bias[i % F]!);
      const dx = new Float64Array(x.length);
      const dFilters = new Float64Array(filters.length);
      eachProduct(fields, (xi, fi, yi) => {
        y[yi] = y[yi]! + x[xi]! * filters[fi]!;
        dx[xi] = dx[xi]! + dy[yi]! * filters[fi]!;
        dFilters[fi] = dFilters[fi]! + dy[yi]! * x[xi]!;
      });

      for (const { algorithm, tolerance } of algorithmsFor(fields)) {
        const forward = {
          kernel: `conv2d${algorithm}`,
          reads: { x, filters, bias, ...noJoins },
          writes: { y: y.length },
        };
        const plain = await runCall(configuration, { ...forward, fields });
        expect(relativeError(plain.y!, y)).toBeLessThan(tolerance);
        const relu = await runCall(configuration, { ...forward, fields: { ...fields, relu: 1 } });
        expect(
          relativeError(
            relu.y!,
            plain.y!.map((value) => Math.max(0, value)),
          ),
        ).toBe(0);
        const inputGrad = await runCall(configuration, {
          kernel: `conv2dInputGrad${algorithm}`,
          fields,
          reads: { filters, dy, ...noJoins },
          writes: { dx: dx.length },
        });
        expect(relativeError(inputGrad.dx!, dx)).toBeLessThan(tolerance);
        const filterGrad = await runCall(configuration, {
          kernel: `conv2dFilterGrad${algorithm}`,
          fields,
          reads: { x, dy, ...noJoins },
          writes: { dFilters: dFilters.length },
        });
        expect(relativeError(filterGrad.dFilters!, dFilters)).toBeLessThan(1.5 * tolerance);
      }
    });
  }
});

/**
 * The algorithms that take this convolution, by the suffix of their kernels' names, and what error they may have: about
 * twice the largest met in layers of cnn-small (direct 1.1e-6, Fourier 0.3e-6, Winograd 1.8e-6).
 */
function algorithmsFor({ sH, sW, dH, dW, groups, kH, kW }: ReturnType<typeof convFields>) {
  const plain = [sH, sW, dH, dW, groups].every((value) => value === 1);
  return [
    { algorithm: "", tolerance: 2e-6 },
    ...(plain ? [{ algorithm: "Fft", tolerance: 2e-6 }] : []),
    ...(plain && kH === 3 && kW === 3 ? [{ algorithm: "Winograd", tolerance: 4e-6 }] : []),
  ];
}
