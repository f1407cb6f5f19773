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
  if (block.kind === "first") {
    const operands = { x: at(x), filters: at(filters), bias: optional(bias, at), y: at(output) };
    const index = optional(block.index, at);
    return { kernel: "conv2dPool", args: { ...operands, index, ...poolGeometryOf(block, context) } };
  }
  return {
    kernel: "conv2dBlock",
    args: {
      x: at(x),
      filters: at(filters),
      bias: optional(bias, at),
      y: at(output),
      index: optional(block.index, at),
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
  const index = optional(block.index, at);
  const gradients = { dFilters: at(dFilters), dBias: optional(dBias, at) };
  if (block.kind === "first") {
    const operands = { x: at(x), y: at(block.output), index, dy: at(dOutput) };
    return {
      kernel: "conv2dPoolGrad",
      args: { ...operands, ...gradients, ...poolGeometryOf(block, context) },
    };
  }
  return {
    kernel: "conv2dBlockGrad",
    args: {
      x: at(x),
      filters: at(filters),
      y: at(block.output),
      index,
      dy: at(dOutput),
      dx: optional(dx, at),
      ...gradients,
      ...geometryOf(block, context),
      xLanes: Number(isLanes(x)),
      yLanes: Number(isLanes(block.output)),
      dyLanes: Number(isLanes(dOutput)),
      dxLanes: Number(dx !== undefined && isLanes(dx)),
    },
  };
}

function optional(id: number | undefined, at: LowerContext["at"]): Ref {
  return id === undefined ? noRef : at(id);
}

function poolGeometryOf({ conv, pool, output }: ConvBlock, { shape }: LowerBlockContext) {
  const [N, H, W, C] = shape(conv.inputs[0]!) as [number, number, number, number];
  const [, cH, cW, F] = conv.shape as [number, number, number, number];
  const [, oH, oW] = shape(output) as [number, number, number];
  const [kH, kW] = conv.attrs.size;
  const [pH, pW] = pool!.attrs.size;
  const { top: padTop, left: padLeft } = conv.attrs.padding;
  const { top: poolTop, left: poolLeft } = pool!.attrs.padding;
  return { N, H, W, C, kH, kW, F, padTop, padLeft, cH, cW, pH, pW, poolTop, poolLeft, oH, oW };
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
