/**
 * What recording costs a training. The same training goes on in turns, of which blocks are recorded and blocks are not, in
 * the order ABBA, so that a machine that gets faster or slower favours neither.
 */
import { type ActiveRun, openTracker } from "@atelier/tracker";
import type { Workbench } from "./part.ts";
import { type ProcessorTime, processorTimeOf } from "./processor-time.ts";
import { median, standardError } from "./statistics.ts";
import type { Line } from "./tracker.ts";
import { openConfiguration, openTurns, type Turns } from "./turns.ts";

const turnSeconds = 1;
const turnsOfBlock = 2;

/** A few turns one after the other. */
interface Block {
  /** Images a second. */
  readonly speeds: readonly number[];
  readonly worked: ProcessorTime | undefined;
}

/**
 * The speed of mlp-1024, a step of which takes less than any other recipe's, so that whatever interrupts it shows; recorded: 10
 * rows a second, the machine every second, the console.
 */
export async function measureRecording(
  folder: string,
  { train, executor, rounds }: Workbench,
): Promise<Line[]> {
  const configuration = await openConfiguration("mlp-1024", train.classNames.length);
  const turns = await openTurns(configuration, train, executor, turnSeconds);
  await using tracker = await openTracker({ folder });
  // A program that has a row every tenth second, whether it is recorded or not: waking for it costs what it costs.
  let step = 0;
  let run: ActiveRun | undefined;
  const rows = setInterval(() => {
    const row = { loss: step, accuracy: 1, val_loss: 2, val_accuracy: step++ };
    run?.log(row);
  }, 100);
  const pairs: { readonly recorded: readonly Block[]; readonly not: readonly Block[] }[] = [];
  for (let round = 0; round < 2.5 * rounds; round++) {
    const first = await measureBlock(turns);
    run = await tracker.startRun({ project: "bench", systemEveryMs: 1000 });
    await turns.next(); // the environment is read, and what starting left is collected, in the first moments: not counted
    const recorded = [await measureBlock(turns), await measureBlock(turns)];
    const recordedRun = run;
    run = undefined;
    await recordedRun.finish();
    await turns.next();
    pairs.push({ recorded, not: [first, await measureBlock(turns)] });
  }
  clearInterval(rows);
  turns.close();
  const speedOf = (blocks: readonly Block[]) => median(blocks.flatMap(({ speeds }) => speeds));
  const ratios = pairs.map(({ recorded, not }) => speedOf(recorded) / speedOf(not));
  const percent = (share: number) => (100 * share).toFixed(1);
  const speed = {
    what: "training speed of mlp-1024 while recorded, against not",
    measured: `${percent(median(ratios) - 1)} ± ${percent(standardError(ratios))} %`,
    goal: "≥ −1 %",
  };
  const time = processorTimeLine(
    pairs.flatMap(({ recorded }) => recorded),
    pairs.flatMap(({ not }) => not),
  );
  return time === undefined ? [speed] : [speed, time];
}

async function measureBlock(turns: Turns): Promise<Block> {
  const speeds: number[] = [];
  const worked = await processorTimeOf(async () => {
    for (let turn = 0; turn < turnsOfBlock; turn++) speeds.push(await turns.next());
  });
  return { speeds, worked };
}

/** By thread, what recorded blocks take more than others; undefined where it is not to be had. */
function processorTimeLine(recorded: readonly Block[], not: readonly Block[]): Line | undefined {
  // The mean, since garbage is collected in some blocks and not in others.
  const timeOf = (blocks: readonly Block[], kind: keyof ProcessorTime) =>
    blocks.reduce((sum, { worked }) => sum + (worked?.[kind] ?? Number.NaN), 0) / blocks.length;
  const kinds = ["main", "store", "other"] as const;
  const more = kinds.map((kind) => timeOf(recorded, kind) - timeOf(not, kind));
  if (more.some(Number.isNaN)) return undefined;
  return {
    what: "processor time that recording takes a second: main thread, the store's, others",
    measured: `${more.map((milliseconds) => milliseconds.toFixed(1)).join(" + ")} ms`,
    goal: "≤ 10 ms",
  };
}
