/** Products whose first factor is pixels, as bytes, against their definition in float64, at sizes that fit no tile. */
import { describe, expect, it } from "vitest";
import { encodeGemmMap, noRef, plainJob } from "./encode.ts";
import { configurations, kernels, noise, relativeError, runCall, sameBits } from "./run-call.ts";

const shapes = [
  [3, 5, 7],
  [37, 70, 785],
  [130, 96, 189],
  [785, 130, 50],
  [65, 1060, 33],
  [1060, 64, 1101],
] as const;

const pixelScale = 1 / (255 * 0.353);
/** As the kernel is told it. */
const told = Math.fround(pixelScale);

/** Bytes, and the floats in which they lie. */
function pixels(count: number): { readonly bytes: Uint8Array; readonly floats: Float32Array } {
  const floats = new Float32Array(Math.ceil(count / 4));
  const bytes = new Uint8Array(floats.buffer, 0, count);
  noise(count, 9).forEach((value, i) => {
    bytes[i] = 128 * (value + 1);
  });
  return { bytes, floats };
}

describe.each(configurations)("$variant, $threads thread(s)", (configuration) => {
  for (const [M, N, K] of shapes)
    for (const transposeA of [0, 1]) {
      const { bytes, floats } = pixels(M * K);
      const [b, bias] = [noise(K * N, 2), noise(N, 3)];
      const relu = M % 2;
      const products = () => {
        const c = new Float64Array(M * N);
        for (let m = 0; m < M; m++)
          for (let n = 0; n < N; n++) {
            let sum = 0;
            for (let k = 0; k < K; k++)
              sum += bytes[transposeA ? k * M + m : m * K + k]! * told * b[k * N + n]!;
            c[m * N + n] = relu ? Math.max(0, sum + bias[n]!) : sum + bias[n]!;
          }
        return c;
      };

      it(`gemm ${M}×${N}×${K}${transposeA ? " transposed" : ""}`, async () => {
        const call = {
          kernel: "gemm",
          fields: { M, N, K, transposeA, transposeB: 0, relu, pixelScale },
          reads: { a: floats, b, bias },
          writes: { c: M * N },
        };
        const { c } = await runCall(configuration, call);
        expect(relativeError(c!, products())).toBeLessThan(2e-6);
        expect(sameBits((await runCall(configuration, call)).c!, c!)).toBe(true);
      });

      it(`gemmMap ${M}×${N}×${K}${transposeA ? " transposed" : ""}`, async () => {
        const session = kernels.createSession({
          ...configuration,
          stateFloats: floats.length + b.length + bias.length + M * N,
          arenaFloats: 0,
        });
        const [atB, atBias, atC] = [floats.length, floats.length + b.length, floats.length + b.length + N];
        session.write(0, floats);
        session.write(atB, b);
        session.write(atBias, bias);
        const words = encodeGemmMap(
          kernels,
          { a: ~0, b: ~atB, bias: ~atBias, M, N, K, transposeA, transposeB: 0, relu, pixelScale },
          {
            count: M * N,
            inputs: [[noRef, 4, 0]],
            code: [["affine", 1, 0, 0, 2, 1]],
            outputs: [[~atC, 1]],
            registers: 2,
          },
        );
        const program = session.addProgram({ words, rows: 1, scalars: [], outputs: [] });
        await session.run(plainJob(program, 1));
        const expected = products().map((value) => 2 * value + 1);
        expect(relativeError(session.read(atC, M * N), expected)).toBeLessThan(2e-6);
        session.close();
      });
    }
});
