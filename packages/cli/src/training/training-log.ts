/** What is seen of a training while it runs: a line that moves on a terminal, and a row for every finished epoch. */
import type { Epoch, FitProgress } from "@atelier/engine";
import { type Effects, say } from "../effects.ts";
import { bar } from "../terminal/bar.ts";
import { compact, duration, score } from "../terminal/numbers.ts";
import { statusLine } from "../terminal/status-line.ts";

export interface TrainingLog {
  readonly progress: (progress: FitProgress) => void;
  readonly epoch: (epoch: Epoch) => void;
  /** Leaves the terminal tidy. */
  readonly end: () => void;
}

export interface TrainingLogOptions {
  readonly epochs: number;
  readonly imagesPerEpoch: number;
}

const columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "images/s", "time"];
const widths = [7, 8, 8, 8, 12, 8, 7];

export function trainingLog({ epochs, imagesPerEpoch }: TrainingLogOptions, effects: Effects): TrainingLog {
  const line = statusLine(effects);
  let hasHead = false;
  const row = (cells: readonly string[], mark: string) =>
    say(effects, `${cells.map((cell, i) => cell.padStart(widths[i]!)).join("  ")}${mark}`);
  return {
    progress: (progress) => line.show(progressText(progress, imagesPerEpoch)),
    epoch: ({ epoch, metrics, seconds, imagesPerSecond, isBest }) => {
      line.clear();
      if (!hasHead) row(columns, "");
      hasHead = true;
      const scores = [metrics.loss, metrics.accuracy, metrics.val_loss, metrics.val_accuracy].map(score);
      row([`${epoch}/${epochs}`, ...scores, compact(imagesPerSecond), duration(seconds)], isBest ? " *" : "");
    },
    end: line.clear,
  };
}

function progressText(progress: FitProgress, imagesPerEpoch: number): string {
  const { phase, epoch, epochs, stepsDone, steps, rowsDone, loss, accuracy, imagesPerSecond } = progress;
  const head = `epoch ${epoch}/${epochs} ${bar(stepsDone / steps, 20)} ${stepsDone}/${steps}`;
  if (phase === "validate") return `${head}  validating`;
  const imagesLeft = (epochs - epoch + 1) * imagesPerEpoch - rowsDone;
  const eta = duration(imagesLeft / imagesPerSecond);
  return `${head}  loss ${score(loss)}  accuracy ${score(accuracy)}  ${compact(imagesPerSecond)} images/s  ETA ${eta}`;
}
