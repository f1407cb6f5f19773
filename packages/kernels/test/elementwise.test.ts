/** The register machine: accuracy of its functions, modes of reading, writing over inputs. */
import { describe, expect, it } from "vitest";
import { encodeMap, type MapSpec, plainJob } from "./encode.ts";
import { configurations, kernels, noise } from "./run-call.ts";

const functions: Record<string, { from: number; to: number; truth: (x: number) => number; error: number }> = {
  exp: { from: -87, to: 88.7, truth: Math.exp, error: 2.5e-7 },
  log: { from: 1e-30, to: 1e4, truth: Math.log, error: 2.5e-7 },
  sqrt: { from: 0, to: 1e6, truth: Math.sqrt, error: 1.2e-7 },
  tanh: { from: -12, to: 12, truth: Math.tanh, error: 5e-7 },
  sigmoid: { from: -80, to: 80, truth: (x) => 1 / (1 + Math.exp(-x)), error: 5e-7 },
  erf: { from: -5, to: 5, truth: errorFunction, error: 5e-7 },
};

/** Runs a map over arena values, in place, and returns the whole arena. */
async function runMap(configuration: (typeof configurations)[number], memory: Float32Array, spec: MapSpec) {
  const session = kernels.createSession({ ...configuration, stateFloats: memory.length, arenaFloats: 0 });
  session.write(0, memory);
  const program = session.addProgram({ words: encodeMap(kernels, spec), rows: 1, scalars: [], outputs: [] });
  await session.run(plainJob(program, 1));
  const after = session.read(0, memory.length);
  session.close();
  return after;
}

describe.each(configurations)("$variant, $threads thread(s)", (configuration) => {
  for (const [op, { from, to, truth, error }] of Object.entries(functions)) {
    it(`${op} within ${error} of the truth, relatively`, async () => {
      const count = 50_000;
      const x = Float32Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
      const y = await runMap(configuration, x, {
        count,
        inputs: [[~0, 0, 0]],
        code: [[op, 1, 0, 0, 0, 0]],
        outputs: [[~0, 1]],
        registers: 2,
      });
      let worst = 0;
      for (let i = 0; i < count; i++) {
        const expected = truth(x[i]!);
        if (Math.abs(expected) > 1e-37)
          worst = Math.max(worst, Math.abs(y[i]! - expected) / Math.abs(expected));
      }
      expect(worst).toBeLessThan(error);
    });
  }

  it("divRoot within 2½ units in the last place, whatever lies under the root", async () => {
    const special = [-1, Number.POSITIVE_INFINITY, Number.NaN, 1e-40, 0];
    const count = 40_002 + special.length;
    const offset = Math.fround(1e-7);
    const a = noise(count, 3).map((value, i) => (i < 5 ? 1 : value * 10 ** ((i % 21) - 10)));
    const b = Float32Array.from({ length: count }, (_, i) => special[i] ?? 10 ** ((i / count) * 75 - 37));
    const quotients = await runMap(configuration, Float32Array.from([...a, ...b]), {
      count,
      inputs: [
        [~0, 0, 0],
        [~count, 0, 0],
      ],
      code: [["divRoot", 2, 0, 1, 0, offset]],
      outputs: [[~0, 2]],
      registers: 3,
    });
    const atZero = Math.fround(1 / offset);
    expect([...quotients.subarray(0, 5)]).toEqual([Number.NaN, 0, Number.NaN, atZero, atZero]);
    let worst = 0;
    for (let i = special.length; i < count; i++) {
      const expected = a[i]! / (Math.sqrt(b[i]!) + offset);
      const unit = 2 ** (Math.floor(Math.log2(Math.abs(expected))) - 23);
      if (Math.abs(expected) > 1e-37) worst = Math.max(worst, Math.abs(quotients[i]! - expected) / unit);
    }
    expect(worst).toBeLessThan(2.5);
  });

  it("runs the masks of relu and dropout straight through the registers", async () => {
    for (const count of [1, 19, 64, 3001]) {
      const [values, behind] = [noise(count, 1), noise(count, 2)];
      const memory = Float32Array.from([...values, ...behind, ...new Float32Array(count)]);
      const [y, dy, dx] = [0, count, 2 * count].map((at) => [~at, 0, 0] as const);
      const relu = await runMap(configuration, memory, {
        count,
        inputs: [y!, dy!],
        code: [
          ["step", 2, 0, 0, 0, 0],
          ["mul", 2, 1, 2, 0, 0],
        ],
        outputs: [[dx![0], 2]],
        registers: 3,
      });
      const dropout = await runMap(configuration, memory, {
        count,
        inputs: [dy!, y!],
        code: [
          ["affine", 2, 0, 0, 2, 0],
          ["step", 3, 1, 1, 0, 0],
          ["mul", 3, 2, 3, 0, 0],
        ],
        outputs: [[dx![0], 3]],
        registers: 4,
      });
      const masked = (scale: number) =>
        Float32Array.from(behind, (value, i) => (values[i]! > 0 ? scale * value : value * 0));
      expect(relu.subarray(2 * count)).toEqual(masked(1));
      expect(dropout.subarray(2 * count)).toEqual(masked(2));
    }
  });

  it("runs Adam and AdamW straight through the registers as it would step by step", async () => {
    const [rate, decay, offset] = [0.01, 0.999, Math.fround(1e-7)];
    const adam: MapSpec["code"] = [
      ["lerp", 5, 1, 0, 0.1, 0],
      ["mul", 6, 0, 0, 0, 0],
      ["lerp", 6, 2, 6, 0.001, 0],
      ["mul", 7, 5, 3, 0, 0],
      ["divRoot", 7, 7, 6, 0, offset],
      ["sub", 7, 4, 7, 0, 0],
    ];
    const adamW: MapSpec["code"] = [
      ["mul", 6, 0, 1, 0, 0],
      ["lerp", 7, 3, 2, 0.1, 0],
      ["mul", 8, 2, 2, 0, 0],
      ["lerp", 8, 4, 8, 0.001, 0],
      ["mul", 9, 7, 5, 0, 0],
      ["divRoot", 9, 9, 8, 0, offset],
      ["sub", 9, 6, 9, 0, 0],
    ];
    for (const count of [1, 19, 64, 3001]) {
      const [gradient, momentum, weights] = [noise(count, 1), noise(count, 2), noise(count, 3)];
      const velocity = noise(count, 4).map(Math.abs);
      const memory = Float32Array.from([...gradient, ...momentum, ...velocity, ...weights, rate, decay]);
      const [g, m, v, w, r, d] = [0, count, 2 * count, 3 * count, 4 * count, 4 * count + 1].map((at) => ~at);
      const full = (ref: number | undefined) => [ref!, 0, 0] as const;
      const results = await Promise.all([
        runMap(configuration, memory, {
          count,
          inputs: [full(g), full(m), full(v), [r!, 1, 0], full(w)],
          code: adam,
          outputs: [m!, v!, w!].map((ref, i) => [ref, 5 + i] as const),
          registers: 8,
        }),
        runMap(configuration, memory, {
          count,
          inputs: [full(w), [d!, 1, 0], full(g), full(m), full(v), [r!, 1, 0]],
          code: adamW,
          outputs: [m!, v!, w!].map((ref, i) => [ref, 7 + i] as const),
          registers: 10,
        }),
      ]);
      for (const [which, after] of results.entries())
        for (let i = 0; i < count; i++) {
          const mean = momentum[i]! + 0.1 * (gradient[i]! - momentum[i]!);
          const square = velocity[i]! + 0.001 * (gradient[i]! ** 2 - velocity[i]!);
          const moved =
            weights[i]! * (which === 1 ? decay : 1) - (mean * rate) / (Math.sqrt(square) + offset);
          const expected = [gradient[i]!, mean, square, moved];
          expected.forEach((value, part) => {
            expect(Math.abs(after[part * count + i]! - value)).toBeLessThan(
              3e-7 * Math.max(1, Math.abs(value)),
            );
          });
        }
    }
  });

  it("special values", async () => {
    const x = Float32Array.of(Number.NaN, Infinity, -Infinity, 0, -1, 200, -200, 88.72);
    const run = async (op: string) => [
      ...(await runMap(configuration, x, {
        count: 8,
        inputs: [[~0, 0, 0]],
        code: [[op, 1, 0, 0, 0, 0]],
        outputs: [[~0, 1]],
        registers: 2,
      })),
    ];
    expect((await run("exp")).slice(0, 7)).toEqual([
      NaN,
      Infinity,
      0,
      1,
      Math.fround(Math.exp(-1)),
      Infinity,
      0,
    ]);
    expect((await run("exp"))[7]! / Math.exp(x[7]!)).toBeCloseTo(1, 6);
    expect((await run("log")).slice(0, 5)).toEqual([NaN, Infinity, NaN, -Infinity, NaN]);
    expect((await run("relu")).slice(0, 5)).toEqual([NaN, Infinity, 0, 0, 0]);
    expect((await run("tanh")).slice(0, 4)).toEqual([NaN, 1, -1, 0]);
    expect((await run("sigmoid")).slice(0, 4)).toEqual([NaN, 1, 0, 0.5]);
    expect((await run("erf")).slice(0, 4)).toEqual([NaN, 1, -1, 0]);
    expect((await run("step")).slice(0, 5)).toEqual([0, 1, 0, 0, 0]);
  });

  it("reads scalars, cycles and runs, and writes over an input that is read later", async () => {
    for (const [count, period, length] of [
      [37, 5, 3],
      [5000, 33, 70],
      [4097, 1, 1],
      [3000, 4000, 5000],
    ] as const) {
      const x = noise(count, 1);
      const cycle = noise(period, 2);
      const repeat = noise(Math.ceil(count / length), 3);
      const memory = Float32Array.from([...x, 0.75, ...cycle, ...repeat]);
      const [scalarRef, cycleRef] = [count, count + 1];
      const after = await runMap(configuration, memory, {
        count,
        inputs: [
          [~0, 0, 0],
          [~scalarRef, 1, 0],
          [~cycleRef, 2, period],
          [~(cycleRef + period), 3, length],
        ],
        // r4 = x·scalar is an output in place of x; r5 = r4 + x·cycle − repeat is thrown back onto r4.
        code: [
          ["mul", 4, 0, 1, 0, 0],
          ["mul", 5, 0, 2, 0, 0],
          ["add", 5, 5, 4, 0, 0],
          ["sub", 4, 5, 3, 0, 0],
          ["affine", 4, 4, 0, 2, -1],
        ],
        outputs: [[~0, 4]],
        registers: 6,
      });
      for (let i = 0; i < count; i++) {
        const value = x[i]! * 0.75 + x[i]! * cycle[i % period]! - repeat[Math.floor(i / length)]!;
        expect(Math.abs(after[i]! - (2 * value - 1))).toBeLessThan(2e-6);
      }
      expect(after.subarray(count)).toEqual(memory.subarray(count));
    }
  });
});

/** erf by its series and, beyond 3, its continued fraction: good to 1e-12. */
function errorFunction(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > 3) {
    let fraction = 0;
    for (let k = 60; k >= 1; k--) fraction = k / 2 / (magnitude + fraction);
    return Math.sign(x) * (1 - Math.exp(-x * x) / ((magnitude + fraction) * Math.sqrt(Math.PI)));
  }
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
