/**
 * Training throughput, paired with the peers that are installed: turns alternate, so that all see the same noise. How
 * long the event loop is held up meanwhile is measured in turns of ours in between.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Executor } from "@atelier/engine";
import { listVariants } from "@atelier/kernels";
import { checkSteps } from "./check.ts";
import type { Part, Workbench } from "./part.ts";
import type { PeerName } from "./peers/peer.ts";
import { median, rangeOf, rounded, table } from "./statistics.ts";
import { openConfiguration, openTurns, settle, type Turns } from "./turns.ts";

interface Row {
  readonly recipe: string;
  readonly batchSize: number;
  /** Images a second, a number a turn. */
  readonly ours: readonly number[];
  /** The same with kernels for processors without AVX-512; empty where those are ours, or do not run. */
  readonly avx2: readonly number[];
  readonly peers: Readonly<Partial<Record<PeerName, readonly number[]>>>;
  readonly longestDelayMs: number;
}

const delayResolutionMs = 1;

export async function measureTraining(bench: Workbench): Promise<Part> {
  const hasAvx2 = bench.variant !== "avx2" && listVariants().includes("avx2");
  const avx2 = hasAvx2 ? bench.open({ variant: "avx2" }) : undefined;
  const rows: Row[] = [];
  for (const recipe of bench.recipes) rows.push(await measureRecipe(recipe, bench, avx2));
  const names = bench.peers.map(({ name }) => name);
  const head = [
    "recipe",
    "batch",
    "Atelier",
    "range",
    "with AVX2 alone",
    ...names,
    "to the faster",
    "with AVX2 alone",
    "longest wait of the event loop",
  ];
  const text = `Images a second, whole steps: gathering, forward, backward, Adam. Medians of ${bench.rounds} turns of
${bench.seconds} s, ours and the peers' in turn. PyTorch has its fused Adam and the better of two layouts, Keras a train
step compiled with tf.function, with or without XLA, whichever is faster; both have all that the processor offers, also
where Atelier is held to AVX2. Before timing, a few steps of each recipe are compared with the oracle's.

${table(
  head,
  rows.map((row) => cellsOf(row, names)),
)}`;
  return { numbers: rows, text };
}

async function measureRecipe(name: string, bench: Workbench, avx2: Executor | undefined): Promise<Row> {
  const { train, executor, peers, rounds, seconds, report } = bench;
  const configuration = await openConfiguration(name, train.classNames.length);
  const { recipe, batchSize } = configuration;
  for (const each of avx2 ? [executor, avx2] : [executor])
    report(await checkSteps(configuration, train, each));
  const turns = await openTurns(configuration, train, executor, seconds);
  const avx2Turns = avx2 && (await openTurns(configuration, train, avx2, seconds));
  let longestDelayMs = 0;
  const row = {
    recipe,
    batchSize,
    ours: [] as number[],
    avx2: [] as number[],
    peers: Object.fromEntries(peers.map((peer) => [peer.name, [] as number[]])),
  };
  for (const peer of peers) await peer.measure(recipe, batchSize, seconds); // warm-up, and the choice of its way
  for (let round = 0; round < rounds; round++) {
    await settle();
    row.ours.push(await turns.next());
    longestDelayMs = Math.max(longestDelayMs, await longestDelay(turns));
    if (avx2Turns) row.avx2.push(await avx2Turns.next());
    for (const peer of peers) {
      await settle();
      row.peers[peer.name]!.push((await peer.measure(recipe, batchSize, seconds)).imagesPerSecond);
    }
  }
  turns.close();
  avx2Turns?.close();
  const names = peers.map((peer) => peer.name);
  report(`  ${cellsOf({ ...row, longestDelayMs }, names).join("  ")}`);
  return { ...row, longestDelayMs };
}

/** During a turn that does not count: a timer every millisecond takes a tenth of a small network's speed. */
async function longestDelay(turns: Turns): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  delay.enable();
  await turns.next();
  delay.disable();
  return delay.max / 1e6 - delayResolutionMs;
}

function cellsOf(
  { recipe, batchSize, ours, avx2, peers, longestDelayMs }: Row,
  names: readonly PeerName[],
): string[] {
  const medians = names.map((name) => median(peers[name]!));
  const ratio = (rates: readonly number[]) =>
    rates.length === 0 || medians.length === 0
      ? "–"
      : `${(median(rates) / Math.max(...medians)).toFixed(2)}×`;
  return [
    recipe,
    String(batchSize),
    rounded(median(ours)),
    rangeOf(ours),
    avx2.length === 0 ? "–" : rounded(median(avx2)),
    ...medians.map(rounded),
    ratio(ours),
    ratio(avx2),
    `${longestDelayMs.toFixed(1)} ms`,
  ];
}
