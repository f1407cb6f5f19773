/** A program in words and numbers: what each call works on, its arithmetic and its memory traffic. */
import { fourierWork, winogradWork } from "./convolution.ts";
import {
  type KernelArgs,
  type KernelCall,
  type KernelName,
  type MapBody,
  noRef,
  type PlainKernel,
  type Program,
} from "./program.ts";

export interface CallDescription {
  readonly kernel: KernelName;
  /** Shapes and fusions, e.g. "128×784 · 784×1024 + bias, relu". */
  readonly what: string;
  /** Multiply-adds count two; element-wise work one an operation. */
  readonly flops: number;
  /** Operands and results, each counted once, in bytes; caches may save some of it. */
  readonly bytes: number;
}

interface Work {
  readonly what: string;
  readonly flops: number;
  readonly floats: number;
}

/** The program's calls in the order in which they run. */
export function describeProgram({ calls }: Program): CallDescription[] {
  return calls.map((call) => {
    const { what, flops, floats } = ofCall(call);
    return { kernel: call.kernel, what, flops, bytes: floats * 4 };
  });
}

function ofCall(call: KernelCall): Work {
  if (call.kernel === "map") return ofMap(call.body);
  if (call.kernel === "gemmMap") return ofGemmMap(call.args, call.body);
  return (workOf[call.kernel] as (args: object) => Work)(call.args);
}

function ofMap({ count, inputs, code, outputs }: MapBody): Work {
  const whole = inputs.filter(({ mode }) => mode === "full").length + outputs.length;
  const operations = code.map(({ op }) => op).join(" ");
  return {
    what: `${count} elements: ${operations || "copy"}`,
    flops: count * code.length,
    floats: count * whole,
  };
}

function ofGemm(args: Omit<KernelArgs<"gemm">, "c">): Work {
  const { M, N, K, transposeA, transposeB, pixelScale } = args;
  const a = `${M}×${K}${transposeA ? "ᵀ" : ""}${pixelScale === 0 ? "" : " bytes"}`;
  const b = `${K}×${N}${transposeB ? "ᵀ" : ""}`;
  const floatsOfA = pixelScale === 0 ? M * K : (M * K) / 4;
  return { what: `${a} · ${b}${epilogueOf(args)}`, flops: 2 * M * N * K, floats: floatsOfA + K * N + M * N };
}

/** The product itself is neither written nor read. */
function ofGemmMap(args: Omit<KernelArgs<"gemm">, "c">, body: MapBody): Work {
  const [product, map] = [ofGemm(args), ofMap(body)];
  return {
    what: `${product.what}, then ${map.what}`,
    flops: product.flops + map.flops,
    floats: product.floats - body.count + map.floats,
  };
}

type ImageArgs = Pick<
  KernelArgs<"conv2d">,
  "N" | "H" | "W" | "C" | "kH" | "kW" | "F" | "oH" | "oW" | "groups"
>;

function convolution({ N, H, W, C, kH, kW, F, oH, oW, groups }: ImageArgs, epilogue = ""): Work {
  const filters = (kH * kW * C * F) / groups;
  return {
    what: `${N}×${H}×${W}×${C}, ${F} filters ${kH}×${kW}${epilogue}`,
    flops: 2 * N * oH * oW * filters,
    floats: N * H * W * C + filters + N * oH * oW * F,
  };
}

/** The arithmetic done, which is less than a direct convolution's. */
function fourierConvolution(args: ImageArgs & Parameters<typeof fourierWork>[0], epilogue = ""): Work {
  const { products, transforms } = fourierWork(args);
  return { ...convolution(args, epilogue), flops: 2 * (products + transforms) };
}

type WinogradArgs = ImageArgs & { readonly index: number; readonly moments?: number; readonly pool?: number };

/** What joined it is not counted as work; maps that are pooled on the way are neither written nor read. */
function winogradConvolution(args: WinogradArgs, epilogue = ""): Work {
  const { N, F, oH, oW, index, moments = noRef, pool = Number(index !== noRef) } = args;
  const outputs = pool ? { oH: 2 * Math.floor(oH / 2), oW: 2 * Math.floor(oW / 2) } : { oH, oW };
  const { products, transforms } = winogradWork({ ...args, ...outputs });
  const whole = convolution(args);
  const maps = !pool ? 1 : index === noRef ? 0.25 : 0.375;
  return {
    what: `${whole.what}${moments === noRef ? "" : " of batch norm"}${epilogue}`,
    flops: 2 * (products + transforms),
    floats: whole.floats - N * F * oH * oW + maps * N * F * outputs.oH * outputs.oW,
  };
}

function winogradEpilogueOf({ index, resultMoments, pool, ...args }: KernelArgs<"conv2dWinograd">): string {
  const places = index === noRef ? "" : ", keeps places";
  const moments = resultMoments === noRef ? "" : ", moments";
  return `${epilogueOf(args)}${pool ? `, windows 2×2${places}` : ""}${moments}`;
}

function pooledGradientOf({ index }: { readonly index: number }): string {
  return index === noRef ? "" : ", windows 2×2";
}

type BlockArgs = Pick<
  KernelArgs<"conv2dBlock">,
  "N" | "H" | "W" | "C" | "F" | "pH" | "pW" | "oH" | "oW" | "rate"
>;

/** So many convolutions over images in lanes, so many tensors of each kind read or written. */
function block(
  { N, H, W, C, F, pH, pW, oH, oW, rate }: BlockArgs,
  convolutions: number,
  tensors: number,
): Work {
  const pool = pH * pW === 1 ? "" : `, windows ${pH}×${pW}`;
  return {
    what: `${N}×${H}×${W}×${C}, ${F} filters 3×3, relu${pool}${rate === 0 ? "" : ", dropout"}, images in lanes`,
    flops: 2 * N * H * W * 9 * C * F * convolutions,
    floats: tensors * (N * H * W * C + N * oH * oW * F) + 9 * C * F * convolutions,
  };
}

type ConvPoolArgs = Omit<KernelArgs<"conv2dPoolGrad">, "x" | "y" | "index" | "dy" | "dFilters" | "dBias">;

/** So many maps of pooled values (their places are half as large) read or written. */
function convolutionPool(
  { N, H, W, C, kH, kW, F, cH, cW, pH, pW, oH, oW }: ConvPoolArgs,
  maps: number,
): Work {
  const filters = kH * kW * C * F;
  return {
    what: `${N}×${H}×${W}×${C}, ${F} filters ${kH}×${kW}, relu, windows ${pH}×${pW}`,
    flops: 2 * N * cH * cW * filters,
    floats: N * H * W * C + filters + maps * N * oH * oW * F,
  };
}

type PoolArgs = Pick<KernelArgs<"maxPool2d">, "N" | "H" | "W" | "C" | "kH" | "kW" | "oH" | "oW">;

function pooling({ N, H, W, C, kH, kW, oH, oW }: PoolArgs, tensors: number, epilogue = ""): Work {
  const taps = N * oH * oW * C * kH * kW;
  return {
    what: `${N}×${H}×${W}×${C}, windows ${kH}×${kW}${epilogue}`,
    flops: taps,
    floats: N * C * (H * W + tensors * oH * oW),
  };
}

/** Work on [rows, C] with so many operations an element and tensors of that size. */
function rows(
  args: { readonly rows: number; readonly C: number },
  operations: number,
  tensors: number,
  epilogue = "",
): Work {
  const elements = args.rows * args.C;
  return {
    what: `${args.rows}×${args.C}${epilogue}`,
    flops: elements * operations,
    floats: elements * tensors,
  };
}

function epilogueOf({ bias = noRef, relu }: { readonly bias?: number; readonly relu: number }): string {
  return `${bias === noRef ? "" : " + bias"}${relu ? ", relu" : ""}`;
}

function maskOf({ relu }: { readonly relu: number }): string {
  return relu ? ", masked by relu" : "";
}

const workOf: { readonly [K in PlainKernel]: (args: KernelArgs<K>) => Work } = {
  fill: ({ count }) => ({ what: `${count} elements`, flops: 0, floats: count }),
  gemm: ofGemm,
  conv2d: (args) => convolution(args, epilogueOf(args)),
  conv2dInputGrad: (args) => convolution(args),
  conv2dFilterGrad: (args) => convolution(args),
  conv2dThin: ({ moments, ...args }) =>
    convolution(args, `${epilogueOf(args)}${moments === noRef ? "" : ", moments"}`),
  conv2dThinFilterGrad: ({ z, ...args }) => {
    const whole = convolution(args, z === noRef ? "" : `, through batch norm${maskOf(args)}`);
    return { ...whole, floats: whole.floats + (z === noRef ? 0 : args.N * args.oH * args.oW * args.F) };
  },
  conv2dFft: (args) => fourierConvolution(args, epilogueOf(args)),
  conv2dInputGradFft: (args) => fourierConvolution(args),
  conv2dFilterGradFft: (args) => fourierConvolution(args),
  conv2dWinograd: (args) => winogradConvolution(args, winogradEpilogueOf(args)),
  conv2dInputGradWinograd: (args) => winogradConvolution(args, pooledGradientOf(args)),
  conv2dFilterGradWinograd: (args) => winogradConvolution(args, pooledGradientOf(args)),
  conv2dBlock: (args) => block(args, 1, 1),
  conv2dBlockGrad: (args) => block(args, args.dx === noRef ? 1 : 2, 2),
  conv2dPool: (args) => convolutionPool(args, args.index === noRef ? 1 : 1.5),
  conv2dPoolGrad: (args) => convolutionPool(args, 2.5),
  maxPool2d: ({ moments, index, ...args }) =>
    pooling(
      args,
      index === noRef ? 1 : 1.5,
      `${index === noRef ? "" : ", keeps places"}${moments === noRef ? "" : ", moments"}`,
    ),
  maxPool2dGrad: (args) => pooling(args, 1.5),
  avgPool2d: (args) => pooling(args, 1),
  avgPool2dGrad: (args) => pooling(args, 1),
  reduceSum: ({ outer, reduce, inner }) => ({
    what: `${outer}×[${reduce}]×${inner}`,
    flops: outer * reduce * inner,
    floats: outer * inner * (reduce + 1),
  }),
  stridedCopy: ({ n0, n1, n2, n3, n4 }) => {
    const extents = [n0, n1, n2, n3, n4].filter((n) => n > 1);
    return { what: extents.join("×") || "1", flops: 0, floats: 2 * n0 * n1 * n2 * n3 * n4 };
  },
  moments: (args) => rows(args, 4, 1),
  batchNorm: (args) => rows(args, 2, 2, epilogueOf(args)),
  batchNormParamGrad: (args) => rows(args, 4, 2, maskOf(args)),
  batchNormInputGrad: (args) => rows(args, 5, 3, maskOf(args)),
  batchNormPoolGrad: (args) => pooling(args, 2.5, maskOf(args)),
  layerNorm: (args) => rows(args, 8, 2),
  layerNormParamGrad: (args) => rows(args, 8, 2),
  layerNormInputGrad: (args) => rows(args, 12, 3),
  softmax: (args) => rows(args, 8, 2),
  softmaxCrossEntropy: ({ dx, right, ...args }) =>
    rows(
      args,
      8,
      dx === noRef ? 2 : 3,
      `${dx === noRef ? "" : ", gradient"}${right === noRef ? "" : ", correct"}`,
    ),
};
