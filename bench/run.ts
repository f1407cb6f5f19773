/**
 * `npm run bench`: training throughput of the recipes, paired with PyTorch where it is installed.
 * Ours and the peer's turns alternate, so that both see the same noise; medians and their ratio are reported.
 *
 *   npm run bench -- [--recipes a,b] [--rounds 5] [--seconds 3] [--threads N] [--variant avx2]
 *
 * PyTorch is looked for in ATELIER_BENCH_PYTHON (default: python3). A peer that is absent is named and skipped.
 * Writes the table to docs/benchmarks.md and every number to bench/results/latest.json.
 */
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openExecutor } from "@atelier/engine";
import { openDataset } from "@atelier/vision";
import { Peer } from "./peers/peer.ts";
import { openTurns } from "./turns.ts";

const { values } = parseArgs({
  options: {
    recipes: { type: "string", default: "logistic,mlp-256,mlp-512-256,mlp-1024,cnn-3,cnn-small,cnn-tuned" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    threads: { type: "string", default: String(availableParallelism()) },
    variant: { type: "string" },
  },
});
const [rounds, seconds, threads] = [values.rounds, values.seconds, values.threads].map(Number) as [
  number,
  number,
  number,
];
const dataFolder = "/usr/share/datasets/fashion-mnist";

interface Row {
  readonly recipe: string;
  readonly batchSize: number;
  readonly ours: readonly number[];
  readonly pytorch: readonly number[];
}

const { train } = await openDataset("fashion-mnist");
const executor = openExecutor({
  kind: "native",
  threads,
  ...(values.variant && { variant: values.variant }),
});
const peer = await Peer.openPyTorch(process.env.ATELIER_BENCH_PYTHON ?? "python3", dataFolder, threads);
if (typeof peer === "string") console.error(`PyTorch is left out: ${peer}.`);

const rows: Row[] = [];
for (const recipe of values.recipes.split(",")) {
  const turns = await openTurns(recipe, train, executor, seconds);
  const ours: number[] = [];
  const pytorch: number[] = [];
  if (typeof peer !== "string") await peer.measure(recipe, seconds); // warm-up, and the choice of its layout
  for (let round = 0; round < rounds; round++) {
    ours.push(await turns.next());
    if (typeof peer !== "string") pytorch.push((await peer.measure(recipe, seconds)).imagesPerSecond);
  }
  turns.close();
  rows.push({ recipe, batchSize: turns.batchSize, ours, pytorch });
  console.error(lineOf(rows.at(-1)!));
}
if (typeof peer !== "string") peer.close();

const machine = `${cpus()[0]!.model.trim()}, ${threads} threads, ${executor.name}`;
const versions = `Node ${process.versions.node}, ${typeof peer === "string" ? "no PyTorch" : `PyTorch ${peer.version}`}`;
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
const root = fileURLToPath(new URL("..", import.meta.url));
await mkdir(`${root}bench/results`, { recursive: true });
await writeFile(
  `${root}bench/results/latest.json`,
  `${JSON.stringify({ machine, versions, commit, rounds, seconds, rows }, null, 1)}\n`,
);
await writeFile(
  `${root}docs/benchmarks.md`,
  `# Benchmarks

Training throughput in images a second, whole steps: gathering, forward, backward, update. Ours and PyTorch (fused
Adam, the better of its two layouts) in turns in one run; medians, with the range of our turns. The machine is shared
and noisy: read the ratios.

${machine}. ${versions}. Commit ${commit}.

| recipe | batch | Atelier | range | PyTorch | ratio |
|---|---|---|---|---|---|
${rows.map(lineOf).join("\n")}

Reproduce: \`ATELIER_BENCH_PYTHON=… npm run bench -- --recipes ${values.recipes} --rounds ${rounds} --seconds ${seconds}\`,
with a Python that has \`torch\` and Debian's \`dataset-fashion-mnist\` installed.
`,
);

function lineOf({ recipe, batchSize, ours, pytorch }: Row): string {
  const range = `${rounded(Math.min(...ours))}–${rounded(Math.max(...ours))}`;
  const peerCells =
    pytorch.length === 0
      ? "– | –"
      : `${rounded(median(pytorch))} | ${(median(ours) / median(pytorch)).toFixed(2)}×`;
  return `| ${recipe} | ${batchSize} | ${rounded(median(ours))} | ${range} | ${peerCells} |`;
}

function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en");
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}
