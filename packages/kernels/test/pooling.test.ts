/** Max pooling's values, places and moments against plain loops; its gradient routed by the places. */
import { describe, expect, it } from "vitest";
import { configurations, noise, relativeError, runCall } from "./run-call.ts";

const geometries = [
  { N: 3, H: 7, W: 9, C: 5, kH: 2, kW: 2, sH: 2, sW: 2, padTop: 0, padLeft: 0, oH: 3, oW: 4 },
  { N: 2, H: 8, W: 8, C: 16, kH: 2, kW: 2, sH: 2, sW: 2, padTop: 0, padLeft: 0, oH: 4, oW: 4 },
  { N: 2, H: 6, W: 5, C: 28, kH: 3, kW: 2, sH: 1, sW: 2, padTop: 1, padLeft: 1, oH: 6, oW: 3 },
  { N: 1, H: 9, W: 9, C: 1, kH: 9, kW: 9, sH: 9, sW: 9, padTop: 0, padLeft: 0, oH: 1, oW: 1 },
  { N: 2, H: 7, W: 7, C: 35, kH: 2, kW: 2, sH: 3, sW: 3, padTop: 0, padLeft: 0, oH: 2, oW: 2 },
] as const;

describe.each(configurations)("$variant, $threads thread(s)", (configuration) => {
  it.each(geometries)("max pooling %o", async (fields) => {
    const { N, H, W, C, kH, kW, sH, sW, padTop, padLeft, oH, oW } = fields;
    const [pixels, windows] = [N * H * W * C, N * oH * oW * C];
    const x = noise(pixels, 3);
    const dy = noise(windows, 4);
    const [y, places, dx] = [new Float64Array(windows), new Uint16Array(windows), new Float64Array(pixels)];
    for (let at = 0; at < windows; at++) {
      const [c, ox, oy] = [at % C, Math.floor(at / C) % oW, Math.floor(at / C / oW) % oH];
      const n = Math.floor(at / C / oW / oH);
      let best = { value: Number.NEGATIVE_INFINITY, place: 0, pixel: 0 };
      for (let place = 0; place < kH * kW; place++) {
        const [iy, ix] = [oy * sH - padTop + Math.floor(place / kW), ox * sW - padLeft + (place % kW)];
        if (iy < 0 || iy >= H || ix < 0 || ix >= W) continue;
        const pixel = ((n * H + iy) * W + ix) * C + c;
        if (x[pixel]! > best.value) best = { value: x[pixel]!, place, pixel };
      }
      y[at] = best.value;
      places[at] = best.place;
      dx[best.pixel]! += dy[at]!;
    }
    const floats = Math.ceil(windows / 2);
    const forward = await runCall(configuration, {
      kernel: "maxPool2d",
      fields,
      reads: { x },
      writes: { y: windows, index: floats, moments: 2 * C },
    });
    expect(relativeError(forward.y!, y)).toBe(0);
    const index = forward.index!;
    expect(new Uint16Array(index.buffer, index.byteOffset, windows)).toEqual(places);
    const moments = new Float64Array(2 * C);
    const rows = windows / C;
    for (let at = 0; at < windows; at++) moments[at % C]! += y[at]! / rows;
    for (let at = 0; at < windows; at++) moments[C + (at % C)]! += (y[at]! - moments[at % C]!) ** 2 / rows;
    expect(relativeError(forward.moments!, moments)).toBeLessThan(1e-6);

    const backward = await runCall(configuration, {
      kernel: "maxPool2dGrad",
      fields,
      reads: { index, dy },
      writes: { dx: pixels },
    });
    expect(relativeError(backward.dx!, dx)).toBeLessThan(2e-7);
  });

  it("keeps a NaN wherever in the window it is", async () => {
    for (let place = 0; place < 4; place++) {
      const x = Float32Array.from({ length: 4 }, (_, i) => (i === place ? Number.NaN : i));
      const { y, index } = await runCall(configuration, {
        kernel: "maxPool2d",
        fields: { N: 1, H: 2, W: 2, C: 1, kH: 2, kW: 2, sH: 2, sW: 2, padTop: 0, padLeft: 0, oH: 1, oW: 1 },
        reads: { x, moments: undefined },
        writes: { y: 1, index: 1 },
      });
      expect(y![0]).toBeNaN();
      expect(new Uint16Array(index!.buffer, index!.byteOffset, 1)[0]).toBe(place);
    }
  });
});
