/**
 * Training throughput, paired with the peers that are installed: turns alternate, so that all see the same noise. How
 * long the event loop is held up meanwhile is measured in turns of ours in between.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Executor } from "@atelier/engine";
import { listVariants } from "@atelier/kernels";
import { checkSteps } from "./check.ts";
import type { Part, Workbench } from "./part.ts";
import type { Peer, PeerName } from "./peers/peer.ts";
import { median, rangeOf, rounded, table } from "./statistics.ts";
import { openConfiguration, openTurns, settle, type Turns } from "./turns.ts";

/** We and the peers with the same means: all that the processor offers, or AVX2 alone. */
interface Contest {
  readonly executor: Executor;
  readonly peers: readonly Peer[];
}

/** Images a second, a number a turn. */
interface Rates {
  readonly ours: number[];
  readonly peers: Partial<Record<PeerName, number[]>>;
}

interface Row {
  readonly recipe: string;
  readonly batchSize: number;
  readonly full: Rates;
  /** Absent where our kernels are those already, or do not run. */
  readonly avx2?: Rates;
  readonly longestDelayMs: number;
}

const delayResolutionMs = 1;

export async function measureTraining(bench: Workbench): Promise<Part> {
  const full: Contest = { executor: bench.executor, peers: bench.peers };
  const hasAvx2 = bench.variant !== "avx2" && listVariants().includes("avx2");
  const avx2: Contest | undefined = hasAvx2
    ? { executor: bench.open({ variant: "avx2" }), peers: bench.avx2Peers }
    : undefined;
  const rows: Row[] = [];
  for (const recipe of bench.recipes) rows.push(await measureRecipe(recipe, bench, full, avx2));
  const names = bench.peers.map(({ name }) => name);
  const text = `Images a second, whole steps: gathering, forward, backward, Adam. Medians of ${bench.rounds} turns of
${bench.seconds} s, ours and the peers' in turn. PyTorch has its fused Adam and the better of two layouts, Keras a train
step compiled with tf.function, with or without XLA, whichever is faster. Before timing, a few steps of each recipe are
compared with the oracle's.

${table(
  ["recipe", "batch", "Atelier", "range", ...names, "to the faster", "longest wait of the event loop"],
  rows.map((row) => fullCellsOf(row, names)),
)}`;
  if (!avx2) return { numbers: rows, text };
  const avx2Text = `Everybody held to AVX2 and FMA, as on a processor without AVX-512, in the same rounds; the last column
compares with the peers above, which have all that this processor offers.

${table(
  ["recipe", "batch", "Atelier", "range", ...names, "to the faster", "to the faster above"],
  rows.map((row) => avx2CellsOf(row, names)),
)}`;
  return { numbers: rows, text: `${text}\n\n${avx2Text}` };
}

async function measureRecipe(
  name: string,
  { train, rounds, seconds, report }: Workbench,
  full: Contest,
  avx2: Contest | undefined,
): Promise<Row> {
  const configuration = await openConfiguration(name, train.classNames.length);
  const { recipe, batchSize } = configuration;
  const open = async ({ executor, peers }: Contest) => {
    report(await checkSteps(configuration, train, executor));
    const turns = await openTurns(configuration, train, executor, seconds);
    for (const peer of peers) await peer.measure(recipe, batchSize, seconds); // warm-up, and the choice of its way
    const rates: Rates = { ours: [], peers: Object.fromEntries(peers.map(({ name }) => [name, []])) };
    const playRound = async () => {
      await settle();
      rates.ours.push(await turns.next());
      for (const peer of peers) {
        await settle();
        rates.peers[peer.name]!.push((await peer.measure(recipe, batchSize, seconds)).imagesPerSecond);
      }
    };
    return { turns, rates, playRound };
  };
  const fullGame = await open(full);
  const avx2Game = avx2 && (await open(avx2));
  let longestDelayMs = 0;
  for (let round = 0; round < rounds; round++) {
    await fullGame.playRound();
    await settle();
    longestDelayMs = Math.max(longestDelayMs, await longestDelay(fullGame.turns));
    await avx2Game?.playRound();
  }
  fullGame.turns.close();
  avx2Game?.turns.close();
  const names = full.peers.map((peer) => peer.name);
  const row = {
    recipe,
    batchSize,
    full: fullGame.rates,
    ...(avx2Game && { avx2: avx2Game.rates }),
    longestDelayMs,
  };
  report(`  ${fullCellsOf(row, names).join("  ")}`);
  if (avx2) report(`  with AVX2 alone  ${avx2CellsOf(row, names).join("  ")}`);
  return row;
}

/** During a turn that does not count: a timer every millisecond takes a tenth of a small network's speed. */
async function longestDelay(turns: Turns): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  delay.enable();
  await turns.next();
  delay.disable();
  return delay.max / 1e6 - delayResolutionMs;
}

function fullCellsOf(row: Row, names: readonly PeerName[]): string[] {
  const { full, longestDelayMs } = row;
  return [...cellsOf(row, full, names), ratioTo(full, full.ours), `${longestDelayMs.toFixed(1)} ms`];
}

function avx2CellsOf(row: Row, names: readonly PeerName[]): string[] {
  const { full, avx2 } = row;
  return avx2 ? [...cellsOf(row, avx2, names), ratioTo(avx2, avx2.ours), ratioTo(full, avx2.ours)] : [];
}

function cellsOf({ recipe, batchSize }: Row, { ours, peers }: Rates, names: readonly PeerName[]): string[] {
  const medians = names.map((name) => rounded(median(peers[name]!)));
  return [recipe, String(batchSize), rounded(median(ours)), rangeOf(ours), ...medians];
}

/** To the fastest of these peers. */
function ratioTo({ peers }: Rates, ours: readonly number[]): string {
  const medians = Object.values(peers).map(median);
  return medians.length === 0 ? "–" : `${(median(ours) / Math.max(...medians)).toFixed(2)}×`;
}
