/**
 * Which algorithm a convolution takes, from its shape and the machine: the direct product, or one that multiplies less
 * and moves more: Winograd's for windows of 3×3 (packages/kernels/src/native/conv2d-winograd.cpp), the Fourier transform
 * for wide layers (conv2d-fft.cpp). Costs are in multiply-adds of the direct kernel.
 */

import type { OpNode } from "../graph/graph.ts";
import type { ConvAttrs } from "../graph/ops.ts";
import type { Shape } from "../graph/shape.ts";

/** The window and image fields of a convolution's kernel call (program.ts). */
export interface ConvGeometry {
  readonly N: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly kH: number;
  readonly kW: number;
  readonly F: number;
  readonly sH: number;
  readonly sW: number;
  readonly dH: number;
  readonly dW: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly oH: number;
  readonly oW: number;
  readonly groups: number;
}

/** The geometry of a convolution of images of shape `x` into `y`. */
export function geometryOf(
  x: Shape,
  y: Shape,
  { size, strides, dilation, padding, groups }: ConvAttrs,
): ConvGeometry {
  return {
    N: x[0]!,
    H: x[1]!,
    W: x[2]!,
    C: x[3]!,
    kH: size[0],
    kW: size[1],
    F: y[3]!,
    sH: strides[0],
    sW: strides[1],
    dH: dilation[0],
    dW: dilation[1],
    padTop: padding.top,
    padLeft: padding.left,
    oH: y[1]!,
    oW: y[2]!,
    groups,
  };
}

/** The geometry of a convolution that is a node of a graph, or whose gradient is. */
export function geometryOfNode(
  node: OpNode<"conv2d"> | OpNode<"conv2dInputGrad"> | OpNode<"conv2dFilterGrad">,
  shapeOf: (id: number) => Shape,
): ConvGeometry {
  const { attrs } = node;
  const [first, second] = node.inputs as [number, number];
  if (node.op === "conv2d") return geometryOf(shapeOf(first), node.shape, attrs);
  const x = node.op === "conv2dInputGrad" ? node.attrs.shape : shapeOf(first);
  return geometryOf(x, shapeOf(second), attrs);
}

/** What strategy depends on besides shapes. */
export interface Machine {
  /** Whether the kernels multiply large matrices on a matrix unit (docs/decisions/006). */
  readonly matrixUnit: boolean;
}

/** A machine without one. */
export const vectorUnits: Machine = { matrixUnit: false };

type PlainGeometry = Omit<ConvGeometry, "sH" | "sW" | "dH" | "dW" | "groups">;

/** What a multiply-add of the direct kernels costs; the filter gradient's was measured at 1.1 to 1.6. */
const directFactor = { conv2d: 1, conv2dInputGrad: 1, conv2dFilterGrad: 1.4 };

/**
 * What a multiply-add of a transform costs beside one of the products: its sums are short, and its results are
 * written far apart. Chosen so that the model meets the measured ratio of whole kernels (AVX2, one thread, layers of
 * cnn-small and cnn-tuned) within a third for most, and within a half elsewhere, where no choice hangs on it.
 */
const fourierTransformFactor = 3;

/** The same for Winograd's, measured in layers of cnn-small (AVX-512, two threads). */
const winogradTransformFactor = 5;

/** Filters of so many weights no longer stay in cache while blocks of tiles pass by, and slow the products down. */
const winogradCachedFilters = 1 << 16;
const winogradUncachedFactor = 1.4;

/**
 * What a multiply-add on the matrix unit costs, the splitting of its factors included, and for which channels Winograd's
 * products take place there (winograd-matrix.cpp): measured for 256 and 512 channels, two threads; with 128 there is no
 * gain.
 */
const matrixFactor = 0.8;
const matrixLeastChannels = 256;
const matrixMostFilters = 1 << 18;

/** How much better a transform must look; below it, the model's error decides rather than the shape. */
const margin = 0.8;

/** Images and windows the Fourier kernels take. */
const largestExtent = 128;

/** Filters that fill vectors, and whose gradients stay in the first-level cache; columns the kernels take. */
const thin = { fewestFilters: 16, mostFilters: 64, mostColumns: 254 };

/** Whether a convolution is bound by memory alone: one channel, windows of 3×3 (conv2d-thin.cpp). */
function isThin(conv: ConvGeometry): boolean {
  const { C, F, oW } = conv;
  const suits = F >= thin.fewestFilters && F <= thin.mostFilters && oW <= thin.mostColumns;
  return winogradFits(conv) && C === 1 && suits;
}

const thinKernels = { conv2d: "conv2dThin", conv2dFilterGrad: "conv2dThinFilterGrad" } as const;
type ThinKernel<K> = K extends keyof typeof thinKernels ? (typeof thinKernels)[K] : never;

/** The kernel that computes a convolution or one of its gradients: the one that looks cheapest. */
export function convolutionKernel<K extends keyof typeof directFactor>(
  kernel: K,
  conv: ConvGeometry,
  machine: Machine,
): K | `${K}Fft` | `${K}Winograd` | ThinKernel<K> {
  if (kernel !== "conv2dInputGrad" && isThin(conv))
    return thinKernels[kernel as keyof typeof thinKernels] as ThinKernel<K>;
  const direct = margin * directFactor[kernel] * directCost(conv);
  const fourier = fourierFits(conv) ? fourierCost(conv) : Number.POSITIVE_INFINITY;
  const winograd = winogradFits(conv) ? winogradCost(conv, machine) : Number.POSITIVE_INFINITY;
  if (direct <= Math.min(fourier, winograd)) return kernel;
  return fourier < winograd ? `${kernel}Fft` : `${kernel}Winograd`;
}

function isPlain({ sH, sW, dH, dW, groups }: ConvGeometry): boolean {
  return [sH, sW, dH, dW, groups].every((value) => value === 1);
}

function fourierFits(conv: ConvGeometry): boolean {
  const { H, W, kH, kW, oH, oW } = conv;
  return isPlain(conv) && Math.max(H, W, kH, kW, oH, oW) <= largestExtent;
}

function winogradFits(conv: ConvGeometry): boolean {
  return isPlain(conv) && conv.kH === 3 && conv.kW === 3;
}

/** Rows of taps that lie wholly on padding are skipped. */
function directCost({ N, H, C, kH, kW, F, padTop, oH, oW }: ConvGeometry): number {
  let rows = 0;
  for (let y = 0; y < oH; y++) {
    const [first, end] = [Math.max(0, padTop - y), Math.min(kH, H + padTop - y)];
    rows += Math.max(0, end - first);
  }
  return N * rows * oW * kW * C * F;
}

function fourierCost(conv: ConvGeometry): number {
  const { products, transforms } = fourierWork(conv);
  return products + fourierTransformFactor * transforms;
}

/**
 * Multiply-adds by Fourier transform: four (one complex product) a bin, image and pair of channels; and those of
 * the transforms of all images and filters, two products with small matrices each.
 */
export function fourierWork({ N, H, W, C, kH, kW, F, padTop, padLeft, oH, oW }: PlainGeometry): {
  readonly products: number;
  readonly transforms: number;
} {
  const sizeY = Math.max(H + padTop, oH + kH - 1 - padTop);
  const sizeX = Math.max(W + padLeft, oW + kW - 1 - padLeft);
  const columns = Math.floor(sizeX / 2) + 1;
  const bins = (sizeY * sizeX) / 2; // half of them, as images are real
  const transform = (height: number, width: number) => 2 * columns * height * width + 4 * bins * height;
  const transforms = N * C * transform(H, W) + N * F * transform(oH, oW) + C * F * transform(kH, kW);
  return { products: 4 * bins * N * C * F, transforms };
}

function winogradCost(conv: ConvGeometry, machine: Machine): number {
  const { products, transforms } = winogradWork(conv);
  const vectorFactor = conv.C * conv.F > winogradCachedFilters ? winogradUncachedFactor : 1;
  const factor = winogradTakesMatrixUnit(conv, machine) ? matrixFactor : vectorFactor;
  return factor * products + winogradTransformFactor * transforms;
}

/** Whether Winograd's products take place on the matrix unit: the kernels' own rule. */
export function winogradTakesMatrixUnit({ C, F }: ConvGeometry, { matrixUnit }: Machine): boolean {
  if (!matrixUnit) return false;
  return C % 32 === 0 && F % 32 === 0 && Math.min(C, F) >= matrixLeastChannels && C * F <= matrixMostFilters;
}

/**
 * Multiply-adds by Winograd's algorithm: one a bin, tile and pair of channels; and those of the transforms of images,
 * results and filters, about four a bin.
 */
export function winogradWork({ N, C, F, oH, oW }: Pick<ConvGeometry, "N" | "C" | "F" | "oH" | "oW">): {
  readonly products: number;
  readonly transforms: number;
} {
  const [y, x] = [winogradTiles(oH), winogradTiles(oW)];
  const bins = N * sum(y.map(binsOf)) * sum(x.map(binsOf));
  const filterBins = sum([...new Set(y)].map(binsOf)) * sum([...new Set(x)].map(binsOf));
  return { products: bins * C * F, transforms: 4 * (bins * (C + F) + filterBins * C * F) };
}

/** Sizes of the tiles along an axis: the kernels' own rule. */
function winogradTiles(extent: number): number[] {
  const rest = extent % 4;
  const threes = rest === 1 && extent > 4;
  const fours = Math.floor(extent / 4) - (threes ? 1 : 0);
  const last = threes ? [3, 3] : rest === 0 ? [] : [Math.max(rest, 2)];
  return [...new Array<number>(fours).fill(4), ...last];
}

function binsOf(size: number): number {
  return size + 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
