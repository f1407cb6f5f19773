import { describe, expect, it } from "vitest";
import { GraphBuilder } from "./builder.ts";
import { printGraph } from "./print.ts";

describe("printGraph", () => {
  it("prints a line a node, then outputs and updates", () => {
    const g = new GraphBuilder();
    const x = g.input("images", [8, 9, 7, 3]);
    const filters = g.state("conv1/filters", [3, 5, 1, 6]);
    const y = g.conv2d(x, filters, {
      size: [3, 5],
      strides: [2, 1],
      padding: { top: 0, bottom: 1, left: 2, right: 2 },
      dilation: [1, 2],
      groups: 3,
    });
    const pooled = g.maxPool2d(y, {
      size: [2, 2],
      strides: [2, 2],
      padding: { top: 0, bottom: 0, left: 0, right: 0 },
    });
    const flat = g.reshape(pooled, [8, 12]);
    const square = g.matmul(flat, flat, { transposeB: true });
    const weights = g.mul(filters, g.constant([1, 2, 3, 4, 5, 6], [6]));
    const total = g.total(g.dropout(g.affine(square, 0.5), 0.2, 3));
    const graph = { ...g.finish(), outputs: { total }, updates: { "conv1/filters": weights } };
    expect(printGraph(graph)).toBe(`\
%0 = input() [8, 9, 7, 3] "images"
%1 = state() [3, 5, 1, 6] "conv1/filters"
%2 = conv2d(%0, %1) [8, 4, 3, 6] 3×5 strides 2×1 padding 0+1 × 2+2 dilation 1×2 groups 3
%3 = maxPool2d(%2) [8, 2, 1, 6] 2×2 strides 2×2
%4 = reshape(%3) [8, 12]
%5 = matmul(%4, %4) [8, 8] transposeB
%6 = constant() [6] values 1, 2, 3, 4, … 6 values
%7 = mul(%1, %6) [3, 5, 1, 6]
%8 = affine(%5) [8, 8] scale 0.5 offset 0
%9 = dropout(%8) [8, 8] rate 0.2 stream 3
%10 = sum(%9) [1, 1] axes [0, 1]
%11 = reshape(%10) []
output "total" = %11
update "conv1/filters" = %7
`);
  });

  it("prints an empty graph", () => {
    expect(printGraph({ nodes: [] })).toBe("");
  });
});
