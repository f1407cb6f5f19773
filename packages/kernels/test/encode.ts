/** Writes programs for tests and benchmarks from the add-on's own kernel table; the engine has its own writer. */
import type { Kernels, NativeJob } from "../src/index.ts";

/** A float32's bits as an int32. */
export function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0]!;
}

/** The absent operand. */
export const noRef = -0x80000000;

/** The operands by which Winograd's kernels do more than convolve (winograd.test.ts). */
export const noJoins = { moments: undefined, index: undefined, resultMoments: undefined };

export interface PlainCall {
  readonly kernel: string;
  readonly args: Readonly<Record<string, number>>;
}

/** The words of calls, fields missing from `args` being 0. */
export function encode(kernels: Kernels, calls: readonly PlainCall[]): Int32Array {
  const names = Object.keys(kernels.kernelFields);
  return Int32Array.from(
    calls.flatMap(({ kernel, args }) => {
      const fields = kernels.kernelFields[kernel]!;
      return [names.indexOf(kernel), fields.length, ...encodeFields(fields, args)];
    }),
  );
}

export interface MapSpec {
  readonly count: number;
  /** [ref, mode, param] */
  readonly inputs: readonly (readonly [number, number, number])[];
  /** [opcode name, dst, a, b, imm0, imm1] */
  readonly code: readonly (readonly [string, number, number, number, number, number])[];
  /** [ref, register] */
  readonly outputs: readonly (readonly [number, number])[];
  readonly registers: number;
}

/** The words of one `map` call. */
export function encodeMap(kernels: Kernels, map: MapSpec): Int32Array {
  return encodeWithBody(kernels, "map", [], map);
}

/** The words of one `gemmMap` call: the fields of gemm but c, then the expression. */
export function encodeGemmMap(
  kernels: Kernels,
  args: Readonly<Record<string, number>>,
  map: MapSpec,
): Int32Array {
  const fields = kernels.kernelFields.gemmMap!.slice(0, -5);
  return encodeWithBody(kernels, "gemmMap", encodeFields(fields, args), map);
}

function encodeFields(fields: readonly string[], args: Readonly<Record<string, number>>): number[] {
  return fields.map((field) => {
    const [name, type] = field.split(":") as [string, string?];
    return type === "f32" ? bitsOf(args[name] ?? 0) : (args[name] ?? 0);
  });
}

function encodeWithBody(
  kernels: Kernels,
  kernel: string,
  fields: readonly number[],
  map: MapSpec,
): Int32Array {
  const body = [
    ...fields,
    map.count,
    map.inputs.length,
    map.code.length,
    map.outputs.length,
    map.registers,
    ...map.inputs.flat(),
    ...map.code.flatMap(([op, dst, a, b, imm0, imm1]) => [
      kernels.mapOpcodes[op]!,
      dst,
      a,
      b,
      op === "dropout" ? imm0 : bitsOf(imm0),
      bitsOf(imm1),
    ]),
    ...map.outputs.flat(),
  ];
  return Int32Array.from([Object.keys(kernels.kernelFields).indexOf(kernel), body.length, ...body]);
}

/** A job of `steps` steps of one program without images. */
export function plainJob(program: number, steps: number, outputs: readonly number[] = []): NativeJob {
  return {
    whole: { program, scalarColumns: [], outputs },
    order: new Int32Array(),
    steps,
    scalars: new Float32Array(),
    columns: 0,
    mean: [],
    std: [],
    seed: 1,
    firstStep: 0,
    epochIndex: 0,
  };
}

/** A convolution's geometry fields with 'same' output size for stride 1 unless given otherwise. */
export interface ConvShape {
  readonly N: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly F: number;
  readonly kH: number;
  readonly kW: number;
  readonly sH?: number;
  readonly sW?: number;
  readonly dH?: number;
  readonly dW?: number;
  readonly groups?: number;
  readonly padding: "same" | "valid" | "full";
}

/** All image fields of the contract; 'same' pads as Keras does, the odd pixel at the bottom right; 'full' as much as it can. */
export function convFields(shape: ConvShape) {
  const { N, H, W, C, F, kH, kW, sH = 1, sW = 1, dH = 1, dW = 1, groups = 1, padding } = shape;
  const axis = (extent: number, taps: number, stride: number, dilation: number): [number, number] => {
    const reach = (taps - 1) * dilation + 1;
    if (padding === "valid") return [Math.floor((extent - reach) / stride) + 1, 0];
    if (padding === "full") return [Math.floor((extent + reach - 2) / stride) + 1, reach - 1];
    const out = Math.ceil(extent / stride);
    return [out, Math.floor(Math.max(0, (out - 1) * stride + reach - extent) / 2)];
  };
  const [oH, padTop] = axis(H, kH, sH, dH);
  const [oW, padLeft] = axis(W, kW, sW, dW);
  return { N, H, W, C, kH, kW, F, sH, sW, dH, dW, padTop, padLeft, oH, oW, groups };
}
