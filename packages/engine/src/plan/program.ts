/**
 * A program is a step graph made concrete: a flat list of kernel calls over one block of state and one arena.
 * The planner (plan.ts) writes it, the native executor runs it. Every kernel is described here once, as
 * the order of its integer fields; packages/kernels/src/native/program.h mirrors this table and the add-on
 * hands its own copy back at load, so that a stale build is refused.
 *
 * A Ref is a place in floats: ref ≥ 0 is arena[ref], ref < 0 is state[~ref], `noRef` is absent.
 * Float fields ("…: f32") travel as the bits of a float32.
 */
export type Ref = number;

/** The absent operand, e.g. a convolution without bias. */
export const noRef: Ref = -0x80000000;

/** Window and image geometry, shared by the convolutions and pools. Pixels; padding at bottom/right follows from oH, oW. */
const imageFields = [
  "N",
  "H",
  "W",
  "C",
  "kH",
  "kW",
  "F",
  "sH",
  "sW",
  "dH",
  "dW",
  "padTop",
  "padLeft",
  "oH",
  "oW",
  "groups",
] as const;
const normFields = ["moments", "gamma", "beta", "epsilon:f32", "normRelu"] as const;
const blockFields = [
  "N",
  "H",
  "W",
  "C",
  "F",
  "pH",
  "pW",
  "padTop",
  "padLeft",
  "oH",
  "oW",
  "stream",
  "rate:f32",
] as const;
const convPoolFields = [
  "N",
  "H",
  "W",
  "C",
  "kH",
  "kW",
  "F",
  "padTop",
  "padLeft",
  "cH",
  "cW",
  "pH",
  "pW",
  "poolTop",
  "poolLeft",
  "oH",
  "oW",
] as const;
const poolFields = ["N", "H", "W", "C", "kH", "kW", "sH", "sW", "padTop", "padLeft", "oH", "oW"] as const;

const mapCounts = ["count", "inputs", "code", "outputs", "registers"] as const;
const productFields = [
  "M",
  "N",
  "K",
  "transposeA",
  "transposeB",
  "relu",
  "bPanels",
  "pixelScale:f32",
] as const;
const gemmMapFactors = ["a", "b", "bias", ...productFields, "panels"] as const;

/** Field order of each kernel. The position in this table is the kernel's number in an encoded program. */
export const kernelFields = {
  /** y[0..count) = value */
  fill: ["y", "count", "value:f32"],
  /**
   * Fused element-wise expression over `count` elements: followed by
   *   inputs × [ref, mode, param]: element i reads x[i] (mode 0), x[0] (1), x[i % param] (2), x[floor(i / param)] (3),
   *     or the product before it (4, only in gemmMap)
   *   code × [opcode, dst, a, b, imm0:f32, imm1:f32]: registers are numbered, inputs first (see mapOpcodes)
   *   outputs × [ref, register]
   * An output may be the same place as a mode-0 input.
   */
  map: mapCounts,
  /** c [M,N] = relu?(op(a)·op(b) + bias); op(a) is [M,K], stored [K,M] when transposeA; op(b) is [K,N], stored [N,K] when transposeB; bias [N] or none; with bPanels, b as stored lies in panels (panels.ts); with a pixelScale, a is bytes, four a float, times that number. */
  gemm: ["a", "b", "bias", "c", ...productFields],
  /**
   * A gemm whose result lives only within the expression over its M·N elements; followed by a body like map's.
   * With `panels`, what the expression reads and writes beside the product lies in panels.
   */
  gemmMap: [...gemmMapFactors, ...mapCounts],
  /** y = relu?(conv(x, filters) + bias); x [N,H,W,C], filters [kH,kW,C/groups,F], y [N,oH,oW,F] */
  conv2d: ["x", "filters", "bias", "y", ...imageFields, "relu"],
  conv2dInputGrad: ["filters", "dy", "dx", ...imageFields],
  conv2dFilterGrad: ["x", "dy", "dFilters", ...imageFields],
  /**
   * The same for images of one channel and windows of 3×3, stride 1: with the moments [2,F] of y if asked for, and with dy
   * going through batch norm's input gradient (batchNormInputGrad, z what was normalised) if there is a z.
   */
  conv2dThin: ["x", "filters", "bias", "y", "moments", ...imageFields, "relu"],
  conv2dThinFilterGrad: [
    "x",
    "z",
    "moments",
    "gamma",
    "beta",
    "paramGrad",
    "dy",
    "dFilters",
    ...imageFields,
    "epsilon:f32",
    "relu",
  ],
  /** The same by Fourier transform, for strides, dilation and groups of 1 and extents up to 128. */
  conv2dFft: ["x", "filters", "bias", "y", ...imageFields, "relu"],
  conv2dInputGradFft: ["filters", "dy", "dx", ...imageFields],
  conv2dFilterGradFft: ["x", "dy", "dFilters", ...imageFields],
  /**
   * The same by Winograd's algorithm, for windows of 3×3 and strides, dilation and groups of 1. On the way in, x goes
   * through batch norm if it has moments; on the way out, y through max pooling with windows of 2×2 and stride 2 if `pool`,
   * which may keep the maxima's places (16 bits each) in index, and the moments of what is written [2,F] are taken if asked
   * for. With an index, dy is that of the pooled y.
   */
  conv2dWinograd: [
    "x",
    ...normFields,
    "filters",
    "bias",
    "y",
    "index",
    "resultMoments",
    ...imageFields,
    "relu",
    "pool",
  ],
  conv2dInputGradWinograd: ["filters", "dy", "index", "dx", ...imageFields],
  conv2dFilterGradWinograd: ["x", ...normFields, "dy", "index", "dFilters", ...imageFields],
  /**
   * 3×3 convolution (stride 1, padding 1), bias, relu, max pooling of windows [pH,pW] that do not overlap, and dropout
   * of the pooled values at `rate`; index [⌈N/16⌉,F,oH,oW,16] is a byte for each window, which of its pixels was the
   * maximum, and is absent without pooling or gradient. Operands flagged "…Lanes" are [⌈N/16⌉,C,H,W,16] (blocks.ts).
   */
  conv2dBlock: ["x", "filters", "bias", "y", "index", ...blockFields, "xLanes", "yLanes"],
  conv2dBlockGrad: [
    "x",
    "filters",
    "y",
    "index",
    "dy",
    "dx",
    "dFilters",
    "dBias",
    ...blockFields,
    "xLanes",
    "yLanes",
    "dyLanes",
    "dxLanes",
  ],
  /**
   * Convolution [N,cH,cW,F] (stride 1), bias, relu and max pooling of windows [pH,pW] that do not overlap; index holds the
   * maxima's places in their windows (16 bits each) and may be absent. The gradient is that of filters and bias.
   */
  conv2dPool: ["x", "filters", "bias", "y", "index", ...convPoolFields],
  conv2dPoolGrad: ["x", "y", "index", "dy", "dFilters", "dBias", ...convPoolFields],
  /** y, the maxima's places in their windows (16 bits each) and y's moments [2,C]; each is optional */
  maxPool2d: ["x", "y", "index", "moments", ...poolFields],
  maxPool2dGrad: ["index", "dy", "dx", ...poolFields],
  avgPool2d: ["x", "y", ...poolFields],
  avgPool2dGrad: ["dy", "dx", ...poolFields],
  /** y[o,i] = Σ_r x[o,r,i] */
  reduceSum: ["x", "y", "outer", "reduce", "inner"],
  /** y[yOffset + Σ kᵢ·yᵢ] = x[xOffset + Σ kᵢ·xᵢ] for 0 ≤ kᵢ < nᵢ; stride 0 in x broadcasts */
  stridedCopy: [
    "x",
    "y",
    "n0",
    "n1",
    "n2",
    "n3",
    "n4",
    "x0",
    "x1",
    "x2",
    "x3",
    "x4",
    "y0",
    "y1",
    "y2",
    "y3",
    "y4",
    "xOffset",
    "yOffset",
  ],
  /** x [rows,C] → y [2,C]: mean, biased variance */
  moments: ["x", "y", "rows", "C"],
  batchNorm: ["x", "moments", "gamma", "beta", "y", "rows", "C", "epsilon:f32", "relu"],
  /** With relu, dy is that of relu(batchNorm(x)); gamma and beta are read only then. */
  batchNormParamGrad: ["x", "moments", "gamma", "beta", "dy", "y", "rows", "C", "epsilon:f32", "relu"],
  batchNormInputGrad: [
    "x",
    "moments",
    "gamma",
    "beta",
    "paramGrad",
    "dy",
    "dx",
    "rows",
    "C",
    "epsilon:f32",
    "relu",
  ],
  /** The same through the max pooling before it: dy [N,oH,oW,C] → dx [N,H,W,C], x [N,oH,oW,C] what was normalised. */
  batchNormPoolGrad: [
    "x",
    "moments",
    "gamma",
    "beta",
    "paramGrad",
    "dy",
    "index",
    "dx",
    ...poolFields,
    "epsilon:f32",
    "relu",
  ],
  layerNorm: ["x", "gamma", "beta", "y", "rows", "C", "epsilon:f32"],
  layerNormParamGrad: ["x", "dy", "y", "rows", "C", "epsilon:f32"],
  layerNormInputGrad: ["x", "gamma", "dy", "dx", "rows", "C", "epsilon:f32"],
  softmax: ["x", "y", "rows", "C"],
  /** What is wanted of y [rows], its gradient dx [rows,C] given dy [rows], and `right` [rows]: 1 where the greatest logit is that of the greatest target. */
  softmaxCrossEntropy: ["logits", "targets", "dy", "y", "dx", "right", "rows", "C", "labelSmoothing:f32"],
} as const;

export type KernelName = keyof typeof kernelFields;
type FieldName<F extends string> = F extends `${infer Name}:f32` ? Name : F;

/** Arguments of a kernel by name, e.g. KernelArgs<"softmax"> = { x, y, rows, C }. */
export type KernelArgs<K extends KernelName> = {
  readonly [F in (typeof kernelFields)[K][number] as FieldName<F>]: number;
};

/** Register machine of `map`; `dst = f(a, b)`, unary ones ignore b. */
export const mapOpcodes = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  maximum: 4,
  /** a + imm0·(b − a) */
  lerp: 5,
  /** a / (√b + imm1) */
  divRoot: 6,
  /** imm0·a + imm1 */
  affine: 7,
  relu: 8,
  step: 9,
  sigmoid: 10,
  tanh: 11,
  exp: 12,
  log: 13,
  /** √a + imm1 */
  sqrt: 14,
  erf: 15,
  /** Philox dropout; imm0 holds the stream (bits of an int32), imm1 the rate. */
  dropout: 16,
} as const;

export type MapOpcode = keyof typeof mapOpcodes;
export const mapModes = { full: 0, scalar: 1, cycle: 2, repeat: 3, product: 4 } as const;

export interface MapInput {
  readonly ref: Ref;
  readonly mode: keyof typeof mapModes;
  /** Period of `cycle`, run length of `repeat`, otherwise 0. */
  readonly param: number;
}

export interface MapInstruction {
  readonly op: MapOpcode;
  readonly dst: number;
  readonly a: number;
  readonly b: number;
  readonly imm0: number;
  readonly imm1: number;
}

/** The body of a `map` or `gemmMap` call. */
export interface MapBody {
  readonly count: number;
  readonly inputs: readonly MapInput[];
  readonly code: readonly MapInstruction[];
  readonly outputs: readonly { readonly ref: Ref; readonly register: number }[];
  /** Registers used, inputs included. */
  readonly registers: number;
}

/** A kernel that is its fields and nothing else. */
export type PlainKernel = Exclude<KernelName, "map" | "gemmMap">;
export type KernelCall =
  | { readonly [K in PlainKernel]: { readonly kernel: K; readonly args: KernelArgs<K> } }[PlainKernel]
  | { readonly kernel: "map"; readonly body: MapBody }
  | {
      readonly kernel: "gemmMap";
      readonly args: Pick<KernelArgs<"gemmMap">, FieldName<(typeof gemmMapFactors)[number]>>;
      readonly body: MapBody;
    };

/** How images lie: normalised floats [N,H,W,C]; pixels as bytes; floats with images in lanes (forms.ts). */
export type ImageForm = "plain" | "bytes" | "lanes";

export interface Program {
  readonly calls: readonly KernelCall[];
  /** Floats of scratch memory the calls use. */
  readonly arenaFloats: number;
  /** Where the step's images [N,H,W,C] and targets [N,classes] are put before the calls. */
  readonly images:
    | { readonly ref: Ref; readonly shape: readonly number[]; readonly form: ImageForm }
    | undefined;
  readonly targets: { readonly ref: Ref; readonly shape: readonly number[] } | undefined;
  /** Scalar inputs by name. */
  readonly scalars: Readonly<Record<string, Ref>>;
  /** Outputs by name; `floats` each step. */
  readonly outputs: Readonly<Record<string, { readonly ref: Ref; readonly floats: number }>>;
}

const floatBits = new DataView(new ArrayBuffer(4));

/** The bits of a float32 as an int32. */
function bitsOf(value: number): number {
  floatBits.setFloat32(0, value, true);
  return floatBits.getInt32(0, true);
}

/** [kernel number, number of integers that follow, fields…] for each call, end to end. */
export function encodeCalls(calls: readonly KernelCall[]): Int32Array {
  const words: number[] = [];
  const numbers = Object.keys(kernelFields);
  for (const call of calls) {
    const body = encodeCall(call);
    words.push(numbers.indexOf(call.kernel), body.length, ...body);
  }
  return Int32Array.from(words);
}

function encodeCall(call: KernelCall): number[] {
  if (call.kernel === "map") return encodeMap(call.body);
  if (call.kernel === "gemmMap") return [...encodeFields(gemmMapFactors, call.args), ...encodeMap(call.body)];
  return encodeFields(kernelFields[call.kernel], call.args);
}

function encodeFields(fields: readonly string[], args: Readonly<Record<string, number>>): number[] {
  return fields.map((field) => {
    const [name, type] = field.split(":") as [string, string?];
    const value = args[name]!;
    return type === "f32" ? bitsOf(value) : value;
  });
}

function encodeMap(body: MapBody): number[] {
  const { count, inputs, code, outputs, registers } = body;
  return [
    count,
    inputs.length,
    code.length,
    outputs.length,
    registers,
    ...inputs.flatMap(({ ref, mode, param }) => [ref, mapModes[mode], param]),
    ...code.flatMap(({ op, dst, a, b, imm0, imm1 }) => [
      mapOpcodes[op],
      dst,
      a,
      b,
      op === "dropout" ? imm0 : bitsOf(imm0),
      bitsOf(imm1),
    ]),
    ...outputs.flatMap(({ ref, register }) => [ref, register]),
  ];
}
