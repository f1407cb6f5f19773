/** What Winograd's convolutions do on the way in and out, batch norm, pooling and moments, against plain loops. */
import { describe, expect, it } from "vitest";
import { eachProduct } from "./each-product.ts";
import { type ConvShape, convFields } from "./encode.ts";
import { configurations, noise, relativeError, runCall } from "./run-call.ts";

const window = { kH: 3, kW: 3 } as const;
const shapes: readonly ConvShape[] = [
  { N: 3, H: 7, W: 9, C: 5, F: 11, ...window, padding: "same" },
  { N: 2, H: 8, W: 6, C: 16, F: 32, ...window, padding: "same" },
  { N: 5, H: 4, W: 11, C: 35, F: 40, ...window, padding: "valid" },
  { N: 2, H: 3, W: 2, C: 1, F: 1, ...window, padding: "full" },
  { N: 40, H: 14, W: 14, C: 18, F: 4, ...window, padding: "same" },
  { N: 3, H: 7, W: 6, C: 48, F: 52, ...window, padding: "same" }, // threads share regions rather than images
];
const epsilon = 1e-3;

describe.each(configurations)("$variant, $threads thread(s)", (configuration) => {
  it.each(shapes)("%o", async (shape) => {
    const fields = { ...convFields(shape), epsilon };
    const { N, H, W, C, F, oH, oW } = fields;
    const [x, filters, bias] = [noise(N * H * W * C, 1), noise(9 * C * F, 2), noise(F, 3)];
    const moments = noise(2 * C, 4).map((value, i) => (i < C ? value / 4 : 1 + value / 2));
    const [gamma, beta] = [noise(C, 5), noise(C, 6)];
    const norm = { moments, gamma, beta };
    const map = { N, H: oH, W: oW, C: F };
    const dy = noise(pooledSize(map), 7);
    for (const normRelu of [0, 1]) {
      const inputs = Float64Array.from(x, (value, i) => {
        const c = i % C;
        const y = ((value - moments[c]!) * gamma[c]!) / Math.sqrt(moments[C + c]! + epsilon) + beta[c]!;
        return normRelu ? Math.max(0, y) : y;
      });
      const y = Float64Array.from({ length: N * oH * oW * F }, (_, i) => bias[i % F]!);
      eachProduct(fields, (xi, fi, yi) => {
        y[yi] = y[yi]! + inputs[xi]! * filters[fi]!;
      });

      const whole = await runCall(configuration, {
        kernel: "conv2dWinograd",
        fields: { ...fields, normRelu },
        reads: { x, filters, bias, ...norm, index: undefined },
        writes: { y: y.length, resultMoments: 2 * F },
      });
      expect(relativeError(whole.y!, y)).toBeLessThan(4e-6);
      expect(relativeError(whole.resultMoments!, momentsOf(whole.y!, F))).toBeLessThan(1e-6);

      const pooled = await runCall(configuration, {
        kernel: "conv2dWinograd",
        fields: { ...fields, normRelu, pool: 1, relu: 1 },
        reads: { x, filters, bias, ...norm },
        writes: { y: dy.length, index: Math.ceil(dy.length / 2), resultMoments: 2 * F },
      });
      const places = placesIn(pooled.index!, dy.length);
      const [largest, placed] = [new Float64Array(dy.length), new Float64Array(dy.length)];
      eachWindow(map, (at, pixels) => {
        const values = pixels.map((pixel) => Math.max(0, y[pixel]!));
        largest[at] = Math.max(...values);
        placed[at] = values[places[at]!]!;
      });
      const scale = Math.max(...y.map(Math.abs)) / Math.max(...largest);
      expect(relativeError(pooled.y!, largest)).toBeLessThan(4e-6 * scale);
      expect(relativeError(placed, largest)).toBeLessThan(8e-6 * scale); // of two equal ones, either
      expect(relativeError(pooled.resultMoments!, momentsOf(pooled.y!, F))).toBeLessThan(1e-6);

      const { index } = pooled;
      const spread = new Float64Array(y.length);
      eachWindow(map, (at, pixels) => {
        spread[pixels[places[at]!]!] = dy[at]!;
      });
      const [dx, dFilters] = [new Float64Array(x.length), new Float64Array(filters.length)];
      eachProduct(fields, (xi, fi, yi) => {
        dx[xi] = dx[xi]! + spread[yi]! * filters[fi]!;
        dFilters[fi] = dFilters[fi]! + spread[yi]! * inputs[xi]!;
      });
      const inputGrad = await runCall(configuration, {
        kernel: "conv2dInputGradWinograd",
        fields,
        reads: { filters, dy, index },
        writes: { dx: dx.length },
      });
      expect(relativeError(inputGrad.dx!, dx)).toBeLessThan(4e-6);
      const filterGrad = await runCall(configuration, {
        kernel: "conv2dFilterGradWinograd",
        fields: { ...fields, normRelu },
        reads: { x, dy, index, ...norm },
        writes: { dFilters: dFilters.length },
      });
      expect(relativeError(filterGrad.dFilters!, dFilters)).toBeLessThan(6e-6);
    }
  });
});

interface MapShape {
  readonly N: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
}

function pooledSize({ N, H, W, C }: MapShape): number {
  return N * Math.floor(H / 2) * Math.floor(W / 2) * C;
}

/** Calls back with every window of 2×2: its pooled element and its pixels. */
function eachWindow(map: MapShape, body: (at: number, pixels: readonly number[]) => void): void {
  const { H, W, C } = map;
  const [pH, pW] = [Math.floor(H / 2), Math.floor(W / 2)];
  for (let at = 0; at < pooledSize(map); at++) {
    const [c, ox, oy] = [at % C, Math.floor(at / C) % pW, Math.floor(at / C / pW) % pH];
    const corner = ((Math.floor(at / C / pW / pH) * H + 2 * oy) * W + 2 * ox) * C + c;
    body(at, [corner, corner + C, corner + W * C, corner + (W + 1) * C]);
  }
}

/** The 16-bit numbers in some floats. */
function placesIn(index: Float32Array, count: number): Uint16Array {
  return new Uint16Array(index.buffer, index.byteOffset, count);
}

function momentsOf(y: Float32Array, C: number): Float64Array {
  const moments = new Float64Array(2 * C);
  const rows = y.length / C;
  for (let i = 0; i < y.length; i++) moments[i % C]! += y[i]! / rows;
  for (let i = 0; i < y.length; i++) moments[C + (i % C)]! += (y[i]! - moments[i % C]!) ** 2 / rows;
  return moments;
}
