/**
 * `npm run bench`: what Atelier takes beside its peers, in parts (see `parts`).
 *
 *   npm run bench -- [--parts training,inference] [--recipes a,b@64] [--rounds 4] [--seconds 2] [--threads N] [--variant avx2]
 *
 * PyTorch and Keras are looked for in ATELIER_BENCH_PYTHON (default: python3); one that is absent is named and left out.
 * Every number goes to bench/results/latest.json; a run of all parts writes docs/benchmarks.md.
 */
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openExecutor } from "@atelier/engine";
import { openDataset } from "@atelier/vision";
import { measureAccuracy } from "./accuracy.ts";
import { measureBrowser } from "./browser.ts";
import { measureInference } from "./inference.ts";
import { measureKernels } from "./kernels.ts";
import { measureMemory } from "./memory.ts";
import type { Part, Workbench } from "./part.ts";
import { Peer, peerNames } from "./peers/peer.ts";
import { measureGrowth, measureThreads } from "./scaling.ts";
import { measureServer } from "./server.ts";
import { measureTracker } from "./tracker.ts";
import { measureTraining } from "./training.ts";

const parts: Readonly<
  Record<string, { title: string; measure: (bench: Workbench) => Part | Promise<Part> }>
> = {
  training: { title: "Training", measure: measureTraining },
  accuracy: { title: "Time to accuracy", measure: measureAccuracy },
  inference: { title: "Inference", measure: measureInference },
  threads: { title: "Threads", measure: measureThreads },
  growth: { title: "Growth", measure: measureGrowth },
  memory: { title: "Memory", measure: measureMemory },
  tracker: { title: "Tracker", measure: measureTracker },
  server: { title: "Server", measure: measureServer },
  browser: { title: "Browser", measure: measureBrowser },
  kernels: { title: "Kernels", measure: measureKernels },
};

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: Object.keys(parts).join() },
    recipes: {
      type: "string",
      default: "logistic,mlp-256,mlp-512-256,mlp-1024,cnn-3,cnn-small@128,cnn-small,cnn-tuned",
    },
    rounds: { type: "string", default: "4" },
    seconds: { type: "string", default: "2" },
    threads: { type: "string", default: String(availableParallelism()) },
    variant: { type: "string" },
  },
});
const wanted = values.parts.split(",");
for (const part of wanted)
  if (!(part in parts))
    throw new Error(`--parts: expected some of ${Object.keys(parts).join()}, got "${part}"`);
const [rounds, seconds, threads] = [values.rounds, values.seconds, values.threads].map(Number) as [
  number,
  number,
  number,
];
const report = (line: string) => console.error(line);

const { train, test = train } = await openDataset("fashion-mnist");
const open: Workbench["open"] = (options) =>
  openExecutor({ kind: "native", threads, ...(values.variant && { variant: values.variant }), ...options });
const executor = open({});
const python = process.env.ATELIER_BENCH_PYTHON ?? "python3";
const openPeers = async (avx2: boolean) => {
  const peers: Peer[] = [];
  for (const name of wanted.includes("training") ? peerNames : []) {
    const dataFolder = "/usr/share/datasets/fashion-mnist";
    const peer = await Peer.open(name, { python, dataFolder, threads, avx2 });
    if (typeof peer === "string")
      report(`${name} is left out (set ATELIER_BENCH_PYTHON to a Python that has it): ${peer}`);
    else peers.push(peer);
  }
  return peers;
};
const peers = await openPeers(false);
const avx2Peers = await openPeers(true);
const bench: Workbench = {
  train,
  test,
  recipes: values.recipes.split(","),
  executor,
  variant: executor.name.replace("native-", ""),
  open,
  peers,
  avx2Peers,
  rounds,
  seconds,
  report,
};

const numbers: Record<string, unknown> = {};
const texts: string[] = [];
for (const name of wanted) {
  const { title, measure } = parts[name]!;
  report(`${title}:`);
  const part = await measure(bench);
  numbers[name] = part.numbers;
  texts.push(`## ${title}\n\n${part.text}`);
}
for (const peer of [...peers, ...avx2Peers]) peer.close();

const machine = `${cpus()[0]!.model.trim()}, ${threads} threads, ${executor.name}`;
const versions = [
  `Node ${process.versions.node}`,
  ...peers.map(({ name, version }) => `${name} ${version}`),
].join(", ");
const commit = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
const root = fileURLToPath(new URL("..", import.meta.url));
await mkdir(`${root}bench/results`, { recursive: true });
await writeFile(
  `${root}bench/results/latest.json`,
  `${JSON.stringify({ machine, versions, commit, rounds, seconds, ...numbers }, null, 1)}\n`,
);
const document = `# Benchmarks

Measured on a shared and noisy machine: read the ratios. Reproduce with
\`ATELIER_BENCH_PYTHON=… npm run bench -- --rounds ${rounds} --seconds ${seconds}\`, where that Python has \`torch\` and
\`tensorflow\`, and Debian's \`dataset-fashion-mnist\` is installed.

${machine}. ${versions}. Commit ${commit}.

${texts.join("\n\n")}
`;
if (Object.keys(parts).every((name) => wanted.includes(name)))
  await writeFile(`${root}docs/benchmarks.md`, document);
console.log(document);
