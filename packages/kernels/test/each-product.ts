/** A convolution by its definition. */
import type { convFields } from "./encode.ts";

/** Calls back with the indices of every multiplication a convolution consists of. */
export function eachProduct(
  fields: ReturnType<typeof convFields>,
  body: (x: number, filter: number, y: number) => void,
): void {
  const { N, H, W, C, F, kH, kW, sH, sW, dH, dW, padTop, padLeft, oH, oW, groups } = fields;
  const [groupC, groupF] = [C / groups, F / groups];
  for (let n = 0; n < N; n++)
    for (let oy = 0; oy < oH; oy++)
      for (let ox = 0; ox < oW; ox++)
        for (let ky = 0; ky < kH; ky++)
          for (let kx = 0; kx < kW; kx++) {
            const [iy, ix] = [oy * sH - padTop + ky * dH, ox * sW - padLeft + kx * dW];
            if (iy < 0 || iy >= H || ix < 0 || ix >= W) continue;
            for (let f = 0; f < F; f++)
              for (let c = 0; c < groupC; c++)
                body(
                  ((n * H + iy) * W + ix) * C + Math.floor(f / groupF) * groupC + c,
                  ((ky * kW + kx) * groupC + c) * F + f,
                  ((n * oH + oy) * oW + ox) * F + f,
                );
          }
}
