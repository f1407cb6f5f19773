/** Products that go on with an expression, against their definition in float64, at sizes that fit no tile. */
import { describe, expect, it } from "vitest";
import { encodeGemmMap, encodeMap, type MapSpec, noRef, plainJob } from "./encode.ts";
import { configurations, kernels, noise, relativeError, sameBits } from "./run-call.ts";

const shapes = [
  [1, 1, 1],
  [7, 13, 17],
  [33, 10, 40],
  [50, 1030, 9],
  [129, 70, 33],
  [170, 65, 1100],
  [300, 16, 128],
  [157, 10, 37],
  [90, 1100, 40],
  [270, 290, 200],
  [1060, 1050, 33],
] as const;

/** The code shared by all cases: r5 = p + ¼·(x − p), r6 = √(r5²) + 2, r7 = (r5 + cycle)·scalar / r6 − repeat. */
const code: MapSpec["code"] = [
  ["lerp", 5, 0, 1, 0.25, 0],
  ["mul", 6, 5, 5, 0, 0],
  ["sqrt", 6, 6, 6, 0, 2],
  ["add", 7, 5, 3, 0, 0],
  ["mul", 7, 7, 2, 0, 0],
  ["div", 7, 7, 6, 0, 0],
  ["sub", 7, 7, 4, 0, 0],
];

describe.each(configurations)("$variant, $threads thread(s)", (configuration) => {
  for (const [M, N, K] of shapes)
    for (const transposeA of [0, 1])
      it(`${M}×${N}×${K}${transposeA ? " transposed" : ""}`, async () => {
        const [a, b, bias] = [noise(M * K, 1), noise(K * N, 2), noise(N, 3)];
        const [x, cycle, repeat] = [noise(M * N, 4), noise(N, 5), noise(M, 6)];
        const relu = M % 2;
        const memory = place({
          a,
          b,
          bias,
          x,
          scalar: [0.75],
          cycle,
          repeat,
          product: M * N,
          average: M * N,
        });
        const { refs } = memory;
        const words = encodeGemmMap(
          kernels,
          { a: refs.a!, b: refs.b!, bias: refs.bias!, M, N, K, transposeA, transposeB: 0, relu },
          {
            count: M * N,
            inputs: [
              [noRef, 4, 0],
              [refs.x!, 0, 0],
              [refs.scalar!, 1, 0],
              [refs.cycle!, 2, N],
              [refs.repeat!, 3, N],
            ],
            code,
            // The last result lies where x was.
            outputs: [
              [refs.product!, 0],
              [refs.average!, 5],
              [refs.x!, 7],
            ],
            registers: 8,
          },
        );
        const run = () => runWords(configuration, words, memory.values);
        const after = await run();
        const resultOf = (name: string) => after.subarray(~refs[name]!, ~refs[name]! + M * N);
        const product = new Float64Array(M * N);
        const average = new Float64Array(M * N);
        const last = new Float64Array(M * N);
        for (let m = 0; m < M; m++)
          for (let n = 0; n < N; n++) {
            const i = m * N + n;
            let sum = bias[n]!;
            for (let k = 0; k < K; k++) sum += a[transposeA ? k * M + m : m * K + k]! * b[k * N + n]!;
            product[i] = relu ? Math.max(0, sum) : sum;
            average[i] = product[i]! + 0.25 * (x[i]! - product[i]!);
            last[i] = ((average[i]! + cycle[n]!) * 0.75) / (Math.abs(average[i]!) + 2) - repeat[m]!;
          }
        expect(relativeError(resultOf("product"), product)).toBeLessThan(2e-6);
        expect(relativeError(resultOf("average"), average)).toBeLessThan(2e-6);
        expect(relativeError(resultOf("x"), last)).toBeLessThan(3e-6);
        // Nothing beside the results may change, and a repeat has the same bits.
        for (const name of ["product", "average", "x"]) {
          const begin = ~refs[name]!;
          memory.untouched.set(after.subarray(begin, begin + M * N), begin);
        }
        expect(sameBits(after, memory.untouched)).toBe(true);
        expect(sameBits(await run(), after)).toBe(true);
      });

  it("draws the same mask of dropout as a map does", async () => {
    const [M, N, K] = [37, 45, 12];
    const memory = place({
      a: noise(M * K, 1),
      b: noise(K * N, 2),
      product: M * N,
      dropped: M * N,
      again: M * N,
    });
    const { refs } = memory;
    const dropout = [["dropout", 1, 0, 0, 7, 0.4]] as const;
    const words = Int32Array.from([
      ...encodeGemmMap(
        kernels,
        { a: refs.a!, b: refs.b!, bias: noRef, M, N, K, transposeA: 0, transposeB: 0, relu: 0 },
        {
          count: M * N,
          inputs: [[noRef, 4, 0]],
          code: dropout,
          outputs: [
            [refs.product!, 0],
            [refs.dropped!, 1],
          ],
          registers: 2,
        },
      ),
      ...encodeMap(kernels, {
        count: M * N,
        inputs: [[refs.product!, 0, 0]],
        code: dropout,
        outputs: [[refs.again!, 1]],
        registers: 2,
      }),
    ]);
    const after = await runWords(configuration, words, memory.values);
    const resultOf = (name: string) => after.slice(~refs[name]!, ~refs[name]! + M * N);
    expect(resultOf("dropped").filter((value) => value === 0).length).toBeGreaterThan(M * N * 0.3);
    expect(sameBits(resultOf("dropped"), resultOf("again"))).toBe(true);
  });
});

describe("refuses", () => {
  const product = { inputs: [[noRef, 4, 0]], code: [], outputs: [[~0, 0]], registers: 1 } as const;
  const add = (words: Int32Array) => {
    const session = kernels.createSession({ stateFloats: 64, arenaFloats: 0 });
    try {
      session.addProgram({ words, rows: 1, scalars: [], outputs: [] });
    } finally {
      session.close();
    }
  };
  const factors = { a: ~0, b: ~0, bias: noRef, M: 2, N: 3, K: 4, transposeA: 0, transposeB: 0, relu: 0 };

  it("a product's input without a product", () => {
    expect(() => add(encodeMap(kernels, { ...product, count: 6 }))).toThrow(/a product that is not there/);
  });

  it("an expression over another count than the product's", () => {
    expect(() => add(encodeGemmMap(kernels, factors, { ...product, count: 7 }))).toThrow(/another count/);
  });

  it("factors beyond the memory", () => {
    expect(() => add(encodeGemmMap(kernels, { ...factors, K: 40 }, { ...product, count: 6 }))).toThrow(
      /reaches to/,
    );
  });
});

/** Operands one after the other in state, results (given as their size) filled with NaN. */
function place(operands: Readonly<Record<string, ArrayLike<number> | number>>) {
  const refs: Record<string, number> = {};
  let floats = 0;
  for (const [name, operand] of Object.entries(operands)) {
    refs[name] = ~floats;
    floats += Math.ceil((typeof operand === "number" ? operand : operand.length) / 16) * 16;
  }
  const values = new Float32Array(floats).fill(Number.NaN);
  for (const [name, operand] of Object.entries(operands))
    if (typeof operand !== "number") values.set(operand, ~refs[name]!);
  return { refs, values, untouched: values.slice() };
}

async function runWords(
  configuration: (typeof configurations)[number],
  words: Int32Array,
  memory: Float32Array,
): Promise<Float32Array> {
  const session = kernels.createSession({ ...configuration, stateFloats: memory.length, arenaFloats: 0 });
  try {
    session.write(0, memory);
    await session.run(plainJob(session.addProgram({ words, rows: 1, scalars: [], outputs: [] }), 1));
    return session.read(0, memory.length);
  } finally {
    session.close();
  }
}
