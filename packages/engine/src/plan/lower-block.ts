/** Turns a convolutional block (blocks.ts) into its kernel call, forward or backward. */
import type { BlockGradient, ConvBlock } from "./blocks.ts";
import type { LowerContext } from "./lower.ts";
import { type KernelCall, noRef, type Ref } from "./program.ts";

export interface LowerBlockContext extends LowerContext {
  readonly isLanes: (id: number) => boolean;
}

export function lowerBlock(block: ConvBlock, context: LowerBlockContext): KernelCall {
  const { conv, bias, output } = block;
  const [x, filters] = conv.inputs as [number, number];
  const { at } = context;
  return {
    kernel: "conv2dBlock",
    args: {
      x: at(x),
      filters: at(filters),
      bias: bias === undefined ? noRef : at(bias),
      y: at(output),
      index: block.index === undefined ? noRef : at(block.index),
      ...geometryOf(block, context),
      xLanes: Number(context.isLanes(x)),
      yLanes: Number(context.isLanes(output)),
    },
  };
}

export function lowerBlockGrad(
  block: ConvBlock,
  { dOutput, dFilters, dBias, dx }: BlockGradient,
  context: LowerBlockContext,
): KernelCall {
  const [x, filters] = block.conv.inputs as [number, number];
  const { at, isLanes } = context;
  const optional = (id: number | undefined): Ref => (id === undefined ? noRef : at(id));
  return {
    kernel: "conv2dBlockGrad",
    args: {
      x: at(x),
      filters: at(filters),
      y: at(block.output),
      index: optional(block.index),
      dy: at(dOutput),
      dx: optional(dx),
      dFilters: at(dFilters),
      dBias: optional(dBias),
      ...geometryOf(block, context),
      xLanes: Number(isLanes(x)),
      yLanes: Number(isLanes(block.output)),
      dyLanes: Number(isLanes(dOutput)),
      dxLanes: Number(dx !== undefined && isLanes(dx)),
    },
  };
}

function geometryOf({ conv, pool, dropout, output }: ConvBlock, { shape }: LowerBlockContext) {
  const [N, H, W, F] = conv.shape as [number, number, number, number];
  const [pH, pW] = pool?.attrs.size ?? [1, 1];
  const [, oH, oW] = shape(output) as [number, number, number];
  return {
    N,
    H,
    W,
    C: shape(conv.inputs[0]!)[3]!,
    F,
    pH,
    pW,
    padTop: pool?.attrs.padding.top ?? 0,
    padLeft: pool?.attrs.padding.left ?? 0,
    oH,
    oW,
    stream: dropout?.attrs.stream ?? 0,
    rate: dropout?.attrs.rate ?? 0,
  };
}
