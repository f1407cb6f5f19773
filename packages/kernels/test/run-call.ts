/** Runs one kernel call over named operands and brings the results back. */
import { type Kernels, loadKernels } from "../src/index.ts";
import { encode, noRef, plainJob } from "./encode.ts";

export const kernels: Kernels = loadKernels();

/** Every variant with one and two threads. */
export const configurations = kernels.variants.flatMap((variant) =>
  [1, 2].map((threads) => ({ variant, threads })),
);

export interface CallSpec {
  readonly kernel: string;
  /** Fields that are not operands. */
  readonly fields: Readonly<Record<string, number>>;
  /** Operands read, by field name; undefined is absent. */
  readonly reads: Readonly<Record<string, ArrayLike<number> | undefined>>;
  /** Operands written: their size in floats. */
  readonly writes: Readonly<Record<string, number>>;
}

/** Values of the written operands. Results are prefilled with garbage, so that a kernel must write all of them. */
export async function runCall(
  { variant, threads }: { readonly variant: string; readonly threads: number },
  { kernel, fields, reads, writes }: CallSpec,
): Promise<Record<string, Float32Array>> {
  const refs: Record<string, number> = {};
  let stateFloats = 0;
  const place = (floats: number): number => {
    const offset = stateFloats;
    stateFloats += Math.ceil(floats / 16) * 16;
    return ~offset;
  };
  for (const [name, operand] of Object.entries(reads)) refs[name] = operand ? place(operand.length) : noRef;
  for (const [name, floats] of Object.entries(writes)) refs[name] = place(floats);
  const values = new Float32Array(stateFloats).fill(Number.NaN);
  for (const [name, operand] of Object.entries(reads)) if (operand) values.set(operand, ~refs[name]!);

  const session = kernels.createSession({ variant, threads, stateFloats, arenaFloats: 0 });
  try {
    session.write(0, values);
    const words = encode(kernels, [{ kernel, args: { ...fields, ...refs } }]);
    const program = session.addProgram({ words, rows: 1, scalars: [], outputs: [] });
    await session.run(plainJob(program, 1));
    const results = Object.entries(writes).map(
      ([name, floats]) => [name, session.read(~refs[name]!, floats)] as const,
    );
    // Nothing beside the results may change.
    const after = session.read(0, stateFloats);
    for (const [name, floats] of Object.entries(writes)) {
      const begin = ~refs[name]!;
      after.set(values.subarray(begin, begin + floats), begin);
    }
    if (!sameBits(after, values)) throw new Error(`${kernel} wrote outside its results`);
    return Object.fromEntries(results);
  } finally {
    session.close();
  }
}

/** Repeatable values in (−1, 1). */
export function noise(count: number, seed: number): Float32Array {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** Largest |actual − expected| over the largest |expected|. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let error = 0;
  let scale = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= error)) error = difference;
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return error / scale;
}

/** Whether two arrays hold the same bits. */
export function sameBits(a: Float32Array, b: Float32Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  );
}
