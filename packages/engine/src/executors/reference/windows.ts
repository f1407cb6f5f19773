/** Sliding windows as plain loops: the oracle's convolutions and pools. Images [N,H,W,C], filters [kH,kW,C/groups,F]. */
import type { ConvAttrs, WindowAttrs } from "../../graph/ops.ts";
import type { Shape } from "../../graph/shape.ts";

/** Calls `visit` for every tap of a convolution that falls inside the image, with flat offsets. */
function forEachTap(
  x: Shape,
  filters: Shape,
  y: Shape,
  attrs: ConvAttrs,
  visit: (xAt: number, wAt: number, yAt: number) => void,
): void {
  const [N, H, W, C] = x as readonly [number, number, number, number];
  const [kH, kW, perGroup, F] = filters as readonly [number, number, number, number];
  const [, oH, oW] = y as readonly [number, number, number, number];
  const { strides, dilation, padding, groups } = attrs;
  const filtersPerGroup = F / groups;
  for (let n = 0; n < N; n++)
    for (let oy = 0; oy < oH; oy++)
      for (let ox = 0; ox < oW; ox++)
        for (let ky = 0; ky < kH; ky++)
          for (let kx = 0; kx < kW; kx++) {
            const iy = oy * strides[0] + ky * dilation[0] - padding.top;
            const ix = ox * strides[1] + kx * dilation[1] - padding.left;
            if (iy < 0 || iy >= H || ix < 0 || ix >= W) continue;
            for (let f = 0; f < F; f++) {
              const firstChannel = Math.floor(f / filtersPerGroup) * perGroup;
              for (let c = 0; c < perGroup; c++) {
                visit(
                  ((n * H + iy) * W + ix) * C + firstChannel + c,
                  ((ky * kW + kx) * perGroup + c) * F + f,
                  ((n * oH + oy) * oW + ox) * F + f,
                );
              }
            }
          }
}

export function conv2d(
  x: Float64Array,
  filters: Float64Array,
  y: Float64Array,
  shapes: { x: Shape; filters: Shape; y: Shape },
  attrs: ConvAttrs,
): void {
  forEachTap(shapes.x, shapes.filters, shapes.y, attrs, (xAt, wAt, yAt) => {
    y[yAt]! += x[xAt]! * filters[wAt]!;
  });
}

export function conv2dInputGrad(
  filters: Float64Array,
  dy: Float64Array,
  dx: Float64Array,
  shapes: { x: Shape; filters: Shape; y: Shape },
  attrs: ConvAttrs,
): void {
  forEachTap(shapes.x, shapes.filters, shapes.y, attrs, (xAt, wAt, yAt) => {
    dx[xAt]! += filters[wAt]! * dy[yAt]!;
  });
}

export function conv2dFilterGrad(
  x: Float64Array,
  dy: Float64Array,
  dFilters: Float64Array,
  shapes: { x: Shape; filters: Shape; y: Shape },
  attrs: ConvAttrs,
): void {
  forEachTap(shapes.x, shapes.filters, shapes.y, attrs, (xAt, wAt, yAt) => {
    dFilters[wAt]! += x[xAt]! * dy[yAt]!;
  });
}

/**
 * Calls `visit` once a window and channel with the flat offsets of the pixels inside the image, row-major, and their
 * places in the window.
 */
export function forEachWindow(
  x: Shape,
  y: Shape,
  attrs: WindowAttrs,
  visit: (yAt: number, xAts: readonly number[], taps: readonly number[]) => void,
): void {
  const [N, H, W, C] = x as readonly [number, number, number, number];
  const [, oH, oW] = y as readonly [number, number, number, number];
  const { size, strides, padding } = attrs;
  for (let n = 0; n < N; n++)
    for (let oy = 0; oy < oH; oy++)
      for (let ox = 0; ox < oW; ox++)
        for (let c = 0; c < C; c++) {
          const inside: number[] = [];
          const taps: number[] = [];
          for (let ky = 0; ky < size[0]; ky++)
            for (let kx = 0; kx < size[1]; kx++) {
              const iy = oy * strides[0] + ky - padding.top;
              const ix = ox * strides[1] + kx - padding.left;
              if (iy < 0 || iy >= H || ix < 0 || ix >= W) continue;
              inside.push(((n * H + iy) * W + ix) * C + c);
              taps.push(ky * size[1] + kx);
            }
          visit(((n * oH + oy) * oW + ox) * C + c, inside, taps);
        }
}
