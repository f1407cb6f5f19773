/**
 * What share of the machine's multiply-add peak the products reach: `node packages/kernels/bench/peak.ts
 * [variant] [threads] [filter]`. Rates are per second of processor time and thread, so that other programs on the same
 * cores matter little; waiting threads spin, so idleness counts against us. Taps on padding count as work, and so do
 * all taps by Fourier transform and Winograd's algorithm, which may thus pass 100 %.
 */
import { loadKernels } from "../src/index.ts";
import { convFields, encode, noRef, type PlainCall, plainJob } from "../test/encode.ts";

const kernels = loadKernels();
const variant = process.argv[2] ?? kernels.variants[0]!;
const threads = Number(process.argv[3] ?? 1);
const filter = process.argv[4] ?? "";

function gemm(M: number, N: number, K: number, transposeA = 0, transposeB = 0): Bench {
  const args = { a: 0, b: M * K, bias: noRef, c: M * K + K * N, M, N, K, transposeA, transposeB };
  return {
    title: `gemm ${transposeA ? "T" : "N"}${transposeB ? "T" : "N"} ${M}×${N}×${K}`,
    call: { kernel: "gemm", args },
    flops: 2 * M * N * K,
    floats: M * K + K * N + M * N,
  };
}

function conv(kernel: string, N: number, size: number, C: number, F: number, taps: number): Bench {
  const fields = convFields({ N, H: size, W: size, C, F, kH: taps, kW: taps, padding: "same" });
  const [x, filters, y] = [N * size * size * C, taps * taps * C * F, N * size * size * F];
  const refs = {
    x: 0,
    filters: x,
    y: x + filters,
    bias: noRef,
    index: noRef,
    moments: noRef,
    resultMoments: noRef,
    z: noRef,
    dy: x + filters,
    dx: 0,
    dFilters: x,
  };
  return {
    title: `${kernel} ${C}→${F} ${taps}×${taps} @${size}, batch ${N}`,
    call: { kernel, args: { ...refs, ...fields } },
    flops: 2 * y * taps * taps * C,
    floats: x + filters + y,
  };
}

interface Bench {
  readonly title: string;
  readonly call: PlainCall;
  readonly flops: number;
  readonly floats: number;
}

const benches: Bench[] = [
  gemm(128, 1024, 784),
  gemm(784, 1024, 128, 1, 0),
  gemm(128, 784, 1024, 0, 1),
  gemm(1024, 1024, 1024),
  ...["conv2d", "conv2dInputGrad", "conv2dFilterGrad"].flatMap((kernel) => [
    conv(kernel, 8, 14, 512, 512, 3),
    conv(kernel, 16, 7, 128, 64, 5),
    conv(kernel, 64, 14, 64, 64, 3),
    conv(kernel, 64, 14, 32, 64, 3),
    conv(kernel, 32, 28, 16, 32, 3),
    conv(kernel, 128, 28, 1, 16, 3),
    conv(kernel, 128, 28, 1, 8, 3),
    conv(kernel, 128, 14, 8, 16, 3),
  ]),
  ...["conv2dThin", "conv2dThinFilterGrad"].map((kernel) => conv(kernel, 128, 28, 1, 16, 3)),
  ...["conv2dFft", "conv2dInputGradFft", "conv2dFilterGradFft"].flatMap((kernel) => [
    conv(kernel, 64, 14, 512, 512, 3),
    conv(kernel, 64, 14, 512, 128, 7),
    conv(kernel, 64, 7, 128, 64, 5),
    conv(kernel, 256, 14, 32, 64, 3),
    conv(kernel, 256, 7, 64, 128, 3),
  ]),
  ...["conv2dWinograd", "conv2dInputGradWinograd", "conv2dFilterGradWinograd"].flatMap((kernel) => [
    conv(kernel, 256, 28, 16, 32, 3),
    conv(kernel, 256, 14, 32, 32, 3),
    conv(kernel, 256, 14, 32, 64, 3),
    conv(kernel, 256, 7, 64, 64, 3),
    conv(kernel, 256, 7, 64, 128, 3),
    conv(kernel, 256, 3, 128, 128, 3),
    conv(kernel, 64, 14, 512, 512, 3),
  ]),
];

for (const { title, call, flops, floats } of benches) {
  if (!title.includes(filter)) continue;
  const session = kernels.createSession({ variant, threads, stateFloats: 0, arenaFloats: floats });
  const program = session.addProgram({ words: encode(kernels, [call]), rows: 1, scalars: [], outputs: [] });
  const steps = Math.max(1, Math.ceil(3e9 / flops));
  let [best, peak] = [0, 0];
  for (let round = 0; round < 4; round++) {
    const before = process.cpuUsage();
    await session.run(plainJob(program, steps));
    const { user, system } = process.cpuUsage(before);
    best = Math.max(best, (flops * steps) / (user + system) / 1e3);
    peak = Math.max(peak, kernels.peak(variant, 0.02));
  }
  session.close();
  console.log(
    `${title.padEnd(46)} ${best.toFixed(0).padStart(5)} of ${peak.toFixed(0)} GFLOP/s  ${((best / peak) * 100).toFixed(0)} %`,
  );
}
