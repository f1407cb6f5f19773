/** Sessions: what is refused, what a run brings back, and that JavaScript stays free while it runs. */
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { convFields, encode, encodeMap, noRef, plainJob } from "./encode.ts";
import { kernels, noise, sameBits } from "./run-call.ts";

const stateFloats = 256;
const arenaFloats = 4096;

function openSession(threads = 2) {
  return kernels.createSession({ threads, stateFloats, arenaFloats });
}

/** One valid call of every kernel, all within a small session. */
const validCalls = Object.keys(kernels.kernelFields)
  .filter((kernel) => kernel !== "map")
  .map((kernel) => {
    const geometry = convFields({ N: 1, H: 4, W: 5, C: 2, F: 4, kH: 3, kW: 2, padding: "same" });
    const fields = kernels.kernelFields[kernel]!.map((field) => field.split(":")[0]!);
    const args = Object.fromEntries(
      fields.map((name, i) => [
        name,
        name in geometry ? geometry[name as keyof typeof geometry] : i < 5 && i > 0 ? i * 128 : 1,
      ]),
    );
    return encode(kernels, [{ kernel, args }]);
  });
const validMap = encodeMap(kernels, {
  count: 40,
  inputs: [
    [0, 0, 0],
    [64, 1, 0],
    [65, 2, 3],
    [70, 3, 7],
  ],
  code: [
    ["mul", 4, 0, 1, 0, 0],
    ["dropout", 5, 4, 0, 1024, 0.5],
    ["add", 4, 5, 2, 0, 0],
    ["exp", 3, 4, 0, 0, 0],
  ],
  outputs: [
    [128, 3],
    [0, 4],
  ],
  registers: 6,
});

/** Adds and, if it is accepted, runs a program; anything but a crash or a hang is fine. */
async function survive(words: Int32Array): Promise<void> {
  const session = openSession();
  try {
    const program = session.addProgram({ words, rows: 1, scalars: [], outputs: [{ ref: 0, floats: 4 }] });
    await session.run(plainJob(program, 1, [0]));
  } catch (error) {
    expect((error as { code?: string }).code).toMatch(/bad-argument|out-of-memory/);
  } finally {
    session.close();
  }
}

describe("malformed programs", () => {
  it("random integers are refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.integer({ min: -3, max: 40 }), fc.integer())), async (words) =>
        survive(Int32Array.from(words)),
      ),
      { seed: 1, numRuns: 400 },
    );
  });

  it("valid calls with a few fields changed are refused or harmless", async () => {
    const change = fc.tuple(
      fc.nat(40),
      fc.oneof(
        fc.constantFrom(0, -1, 1, 2, 64, 65536, noRef, 0x7fffffff),
        fc.integer({ min: -300, max: 5000 }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...validCalls, validMap),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (call, changes) => {
          const words = call.slice();
          for (const [place, value] of changes) words[2 + (place % (words.length - 2))] = value;
          await survive(words);
        },
      ),
      { seed: 2, numRuns: 1500 },
    );
  });

  it("names the call and the operand", () => {
    const session = openSession();
    const words = encode(kernels, [{ kernel: "softmax", args: { x: 4000, y: 0, rows: 10, C: 10 } }]);
    expect(() => session.addProgram({ words, rows: 1, scalars: [], outputs: [] })).toThrow(
      "call 0 (softmax): x reaches to float 4100 of the arena, which has 4096",
    );
    session.close();
  });

  it.each(["Fft", "Winograd"])("refuses a stride by the algorithm %s", (algorithm) => {
    const session = openSession();
    const geometry = convFields({ N: 1, H: 4, W: 5, C: 2, F: 4, kH: 3, kW: 3, sH: 2, padding: "same" });
    for (const kernel of ["conv2d", "conv2dInputGrad", "conv2dFilterGrad"].map((name) => name + algorithm))
      expect(() =>
        session.addProgram({
          words: encode(kernels, [{ kernel, args: geometry }]),
          rows: 1,
          scalars: [],
          outputs: [],
        }),
      ).toThrow("a stride, dilation or group count other than 1");
    session.close();
  });

  it("refuses windows other than 3×3 by Winograd's algorithm", () => {
    const session = openSession();
    const geometry = convFields({ N: 1, H: 4, W: 5, C: 2, F: 4, kH: 3, kW: 2, padding: "same" });
    const words = encode(kernels, [{ kernel: "conv2dWinograd", args: geometry }]);
    expect(() => session.addProgram({ words, rows: 1, scalars: [], outputs: [] })).toThrow(
      "a window other than 3×3",
    );
    session.close();
  });

  it("refuses wrong types, closed sessions and impossible sizes", async () => {
    const session = openSession();
    expect(() => session.read(250, 10)).toThrow("outside");
    expect(() => session.write(0, [1] as never)).toThrow("Float32Array");
    expect(() => session.upload(0, new Uint8Array(5), new Int32Array(1), [1, 2, 2, 1])).toThrow("shape");
    expect(() => session.upload(0, new Uint8Array(4), Int32Array.of(-1), [1, 2, 2, 1])).toThrow("labels");
    await expect(session.run(plainJob(0, 1))).rejects.toThrow("no program");
    session.close();
    session.close();
    expect(session.sizeBytes).toBe(0);
    expect(() => session.read(0, 1)).toThrow("closed");
    expect(() => kernels.createSession({ threads: 0, stateFloats: 1, arenaFloats: 1 })).toThrow("threads");
    expect(() => kernels.createSession({ variant: "mmx", stateFloats: 1, arenaFloats: 1 })).toThrow("mmx");
    expect(() => kernels.createSession({ stateFloats: 2 ** 40, arenaFloats: 1 })).toThrow(/limited/);
  });
});

/** A program that adds 1 to state[0] and multiplies a large matrix, so that a step takes about a millisecond. */
function counting(session: ReturnType<typeof openSession>, size = 0) {
  const words = [
    ...encodeMap(kernels, {
      count: 1,
      inputs: [[~0, 0, 0]],
      code: [["affine", 1, 0, 0, 1, 1]],
      outputs: [[~0, 1]],
      registers: 2,
    }),
    ...(size > 0
      ? encode(kernels, [
          { kernel: "gemm", args: { a: 0, b: 0, bias: noRef, c: size * size, M: size, N: size, K: size } },
        ])
      : []),
  ];
  return session.addProgram({
    words: Int32Array.from(words),
    rows: 1,
    scalars: [],
    outputs: [{ ref: ~0, floats: 1 }],
  });
}

describe("runs", () => {
  it("bring back every step's outputs and their sums", async () => {
    const session = openSession();
    const result = await session.run(plainJob(counting(session), 5, [0, 0]));
    expect(result).toMatchObject({ end: "done", stepsDone: 5, rowsDone: 5, sums: [15, 15] });
    expect(result.outputs).toEqual([Float32Array.of(1, 2, 3, 4, 5), Float32Array.of(1, 2, 3, 4, 5)]);
    session.close();
  });

  it("leave the event loop free, report progress and stop at a step boundary", async () => {
    const size = 200;
    const session = kernels.createSession({ threads: 1, stateFloats, arenaFloats: 2 * size * size });
    const program = counting(session, size);
    const steps: number[] = [];
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const running = session.run(plainJob(program, 1_000_000, [0]), ({ stepsDone, sums }) => {
      steps.push(stepsDone);
      expect(sums[0]).toBe((stepsDone * (stepsDone + 1)) / 2);
    });
    expect(() => session.read(0, 1)).toThrow("in progress");
    await expect(session.run(plainJob(program, 1))).rejects.toThrow("in progress");
    await sleep(600);
    session.abort();
    const result = await running;
    clearInterval(timer);
    expect(result.end).toBe("stopped");
    // A blocked loop has no tick before the end; how many there are is the machine's affair.
    expect(ticks).toBeGreaterThan(1);
    expect(steps.length).toBeGreaterThanOrEqual(1);
    expect(steps.length).toBeLessThanOrEqual(20);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(session.read(0, 1)[0]).toBe(result.stepsDone);
    session.close();
  });

  it("end when closed in the middle, and free the memory", async () => {
    const session = openSession();
    const running = session.run(plainJob(counting(session), 100_000_000));
    await sleep(20);
    session.close();
    expect((await running).end).toBe("stopped");
    expect(session.sizeBytes).toBe(0);
  });

  it("undo the step whose output is not finite", async () => {
    const session = openSession();
    // state[0] += 1, then the output 1 / (3 − state[0]), then state[1] = the output.
    const words = [
      { op: "affine", inputs: [~0], immediate: [1, 1], to: ~0 },
      { op: "affine", inputs: [~0], immediate: [-1, 3], to: 0 },
    ].flatMap(({ op, inputs, immediate, to }) => [
      ...encodeMap(kernels, {
        count: 1,
        inputs: inputs.map((ref) => [ref, 0, 0] as const),
        code: [[op, 1, 0, 0, immediate[0]!, immediate[1]!]],
        outputs: [[to, 1]],
        registers: 2,
      }),
    ]);
    words.push(
      ...encodeMap(kernels, {
        count: 1,
        inputs: [
          [~0, 0, 0],
          [0, 0, 0],
        ],
        code: [["div", 2, 0, 1, 0, 0]],
        outputs: [
          [16, 2],
          [~1, 2],
        ],
        registers: 3,
      }),
    );
    const program = session.addProgram({
      words: Int32Array.from(words),
      rows: 1,
      scalars: [],
      outputs: [{ ref: 16, floats: 1 }],
    });
    const result = await session.run({ ...plainJob(program, 10, [0]), finiteOutput: 0 });
    expect(result).toMatchObject({ end: "not-finite", stepsDone: 2 });
    expect(result.outputs[0]).toEqual(Float32Array.of(0.5, 2));
    expect([...session.read(0, 2)]).toEqual([2, 2]);
    session.close();
  });

  it("costs no CPU between runs", async () => {
    const session = openSession(2);
    await session.run(plainJob(counting(session), 10));
    await sleep(100);
    const before = process.cpuUsage();
    await sleep(500);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 500_000).toBeLessThan(0.05);
    session.close();
  });

  it.each(["conv2dFilterGrad", "conv2dFilterGradFft", "conv2dFilterGradWinograd"])(
    "give the same bits at every thread count: %s",
    async (kernel) => {
      const geometry = convFields({ N: 24, H: 14, W: 14, C: 5, F: 11, kH: 3, kW: 3, padding: "same" });
      const [x, dy] = [24 * 14 * 14 * 5, 24 * 14 * 14 * 11];
      const words = encode(kernels, [
        { kernel, args: { x: ~0, dy: ~x, dFilters: 0, index: noRef, moments: noRef, ...geometry } },
      ]);
      const results: Float32Array[] = [];
      for (const threads of [1, 2, 2, 3]) {
        const session = kernels.createSession({ threads, stateFloats: x + dy, arenaFloats: 512 });
        session.write(0, noise(x + dy, 3));
        const program = session.addProgram({
          words,
          rows: 1,
          scalars: [],
          outputs: [{ ref: 0, floats: 495 }],
        });
        results.push((await session.run(plainJob(program, 1, [0]))).outputs[0]!);
        session.close();
      }
      for (const result of results) expect(sameBits(result, results[0]!)).toBe(true);
    },
  );
});
