/**
 * Training throughput, paired with the peers that are installed: turns alternate, so that all see the same noise. How
 * long the event loop was held up meanwhile is measured in our turns.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { checkSteps } from "./check.ts";
import type { Part, Workbench } from "./part.ts";
import type { PeerName } from "./peers/peer.ts";
import { median, rangeOf, rounded, table } from "./statistics.ts";
import { openConfiguration, openTurns } from "./turns.ts";

interface Row {
  readonly recipe: string;
  readonly batchSize: number;
  /** Images a second, a number a turn. */
  readonly ours: readonly number[];
  readonly peers: Readonly<Partial<Record<PeerName, readonly number[]>>>;
  readonly longestDelayMs: number;
}

const delayResolutionMs = 1;

/** Waiting threads of a peer spin for a while before they sleep; nobody's turn starts in their wake. */
const settleMs = 300;

export async function measureTraining(bench: Workbench): Promise<Part> {
  const rows: Row[] = [];
  for (const recipe of bench.recipes) rows.push(await measureRecipe(recipe, bench));
  const names = bench.peers.map(({ name }) => name);
  const head = [
    "recipe",
    "batch",
    "Atelier",
    "range",
    ...names,
    "to the faster",
    "longest wait of the event loop",
  ];
  const text = `Images a second, whole steps: gathering, forward, backward, Adam. Medians of ${bench.rounds} turns of
${bench.seconds} s, ours and the peers' in turn. PyTorch has its fused Adam and the better of two layouts, Keras a train
step compiled with tf.function, with or without XLA, whichever is faster. Before timing, a few steps of each recipe are
compared with the oracle's.

${table(
  head,
  rows.map((row) => cellsOf(row, names)),
)}`;
  return { numbers: rows, text };
}

async function measureRecipe(name: string, bench: Workbench): Promise<Row> {
  const { train, executor, peers, rounds, seconds, report } = bench;
  const configuration = await openConfiguration(name, train.classNames.length);
  const { recipe, batchSize } = configuration;
  report(await checkSteps(configuration, train, executor));
  const turns = await openTurns(configuration, train, executor, seconds);
  const ours: number[] = [];
  let longestDelayMs = 0;
  const theirs = new Map<PeerName, number[]>(peers.map((peer) => [peer.name, []]));
  for (const peer of peers) await peer.measure(recipe, batchSize, seconds); // warm-up, and the choice of its way
  for (let round = 0; round < rounds; round++) {
    await setTimeout(settleMs);
    const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
    delay.enable();
    ours.push(await turns.next());
    delay.disable();
    longestDelayMs = Math.max(longestDelayMs, delay.max / 1e6 - delayResolutionMs);
    for (const peer of peers) {
      await setTimeout(settleMs);
      theirs.get(peer.name)!.push((await peer.measure(recipe, batchSize, seconds)).imagesPerSecond);
    }
  }
  turns.close();
  const row = { recipe, batchSize, ours, peers: Object.fromEntries(theirs), longestDelayMs };
  report(
    `  ${cellsOf(
      row,
      peers.map((peer) => peer.name),
    ).join("  ")}`,
  );
  return row;
}

function cellsOf(
  { recipe, batchSize, ours, peers, longestDelayMs }: Row,
  names: readonly PeerName[],
): string[] {
  const medians = names.map((name) => median(peers[name]!));
  return [
    recipe,
    String(batchSize),
    rounded(median(ours)),
    rangeOf(ours),
    ...medians.map(rounded),
    medians.length === 0 ? "–" : `${(median(ours) / Math.max(...medians)).toFixed(2)}×`,
    `${longestDelayMs.toFixed(1)} ms`,
  ];
}
