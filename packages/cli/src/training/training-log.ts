/** What is seen of a training while it runs: a line that moves on a terminal, and a row for every finished epoch. */
import type { Epoch, FitProgress } from "@atelier/engine";
import { type Effects, say } from "../effects.ts";
import { bar } from "../terminal/bar.ts";
import { compact, duration, score } from "../terminal/numbers.ts";
import { statusLine } from "../terminal/status-line.ts";

export interface TrainingLog {
  /** The head of the table. */
  readonly start: () => void;
  readonly progress: (progress: FitProgress) => void;
  readonly epoch: (epoch: Epoch) => void;
  /** Leaves the terminal tidy. */
  readonly end: () => void;
}

export interface TrainingLogOptions {
  readonly epochs: number;
  readonly imagesPerEpoch: number;
}

const [shortestBar, longestBar] = [4, 20];

const columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "images/s", "time"];
const widths = [7, 8, 8, 8, 12, 8, 7];

export function trainingLog({ epochs, imagesPerEpoch }: TrainingLogOptions, effects: Effects): TrainingLog {
  const line = statusLine(effects);
  const width = (effects.terminal?.columns ?? 0) - 1;
  const row = (cells: readonly string[], mark = "") =>
    say(effects, `${cells.map((cell, i) => cell.padStart(widths[i]!)).join("  ")}${mark}`);
  return {
    start: () => row(columns),
    progress: (progress) => line.show(progressText(progress, imagesPerEpoch, width)),
    epoch: ({ epoch, metrics, seconds, imagesPerSecond, isBest }) => {
      line.clear();
      const scores = [metrics.loss, metrics.accuracy, metrics.val_loss, metrics.val_accuracy].map(score);
      row(
        [`${epoch}/${epochs}`, ...scores, compact(imagesPerSecond), duration(seconds)],
        isBest ? " *" : undefined,
      );
    },
    end: line.clear,
  };
}

/** "12/25 █████░░░ 210/422  loss 0.3085 …": the bar takes what the numbers leave of `width`. */
function progressText(progress: FitProgress, imagesPerEpoch: number, width: number): string {
  const { phase, epoch, epochs, stepsDone, steps, rowsDone, loss, accuracy, imagesPerSecond } = progress;
  const imagesLeft = (epochs - epoch + 1) * imagesPerEpoch - rowsDone;
  const numbers =
    phase === "validate"
      ? "validating"
      : `loss ${score(loss)}  accuracy ${score(accuracy)}  ${compact(imagesPerSecond).padStart(5)} images/s  ` +
        `ETA ${duration(imagesLeft / imagesPerSecond).padEnd(5)}`;
  const done = String(stepsDone).padStart(String(steps).length);
  const [head, tail] = [`${epoch}/${epochs} `, ` ${done}/${steps}  ${numbers}`];
  const space = width - head.length - tail.length;
  return head + bar(stepsDone / steps, Math.max(shortestBar, Math.min(longestBar, space))) + tail;
}
