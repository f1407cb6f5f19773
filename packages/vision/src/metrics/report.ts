/** Precision, recall and F1 a class, as sklearn.metrics.classification_report computes and prints them. */
import type { ConfusionMatrix } from "./confusion.ts";

/** Scores in [0, 1]; support is a number of images. */
export interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
}

/** The scores of one class. */
export interface ClassScores extends Scores {
  readonly name: string;
}

/** What a classification report shows. */
export interface ClassificationReport {
  readonly perClass: readonly ClassScores[];
  readonly accuracy: number;
  /** Plain mean over the classes. */
  readonly macro: Scores;
  /** Mean over the classes weighted by support. */
  readonly weighted: Scores;
}

/** Scores from a confusion matrix with at least one image; a score whose denominator is 0 is 0. */
export function classificationReport(
  confusion: ConfusionMatrix,
  classNames: readonly string[],
): ClassificationReport {
  const perClass = confusion.map((row, index): ClassScores => {
    const hits = row[index]!;
    const support = row.reduce((a, b) => a + b, 0);
    const predicted = confusion.reduce((sum, other) => sum + other[index]!, 0);
    return {
      name: classNames[index]!,
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, support + predicted),
      support,
    };
  });
  const total = perClass.reduce((sum, { support }) => sum + support, 0);
  const hits = confusion.reduce((sum, row, index) => sum + row[index]!, 0);
  return {
    perClass,
    accuracy: ratio(hits, total),
    macro: average(perClass, total, () => 1 / perClass.length),
    weighted: average(perClass, total, ({ support }) => support / total),
  };
}

/** The report as text, laid out as scikit-learn does; `digits` after the decimal point. */
export function formatClassificationReport(
  { perClass, accuracy, macro, weighted }: ClassificationReport,
  { digits = 2 }: { readonly digits?: number } = {},
): string {
  const width = Math.max(...perClass.map(({ name }) => [...name].length), "weighted avg".length, digits);
  const line = (name: string, cells: readonly string[]) =>
    `${" ".repeat(width - [...name].length)}${name} ${cells.map((cell) => ` ${cell.padStart(9)}`).join("")}\n`;
  const row = (name: string, { precision, recall, f1, support }: Scores) =>
    line(name, [...[precision, recall, f1].map((score) => fixed(score, digits)), String(support)]);
  return [
    line("", ["precision", "recall", "f1-score", "support"]),
    "\n",
    ...perClass.map((scores) => row(scores.name, scores)),
    "\n",
    line("accuracy", ["", "", fixed(accuracy, digits), String(macro.support)]),
    row("macro avg", macro),
    row("weighted avg", weighted),
  ].join("");
}

function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}

function average(
  perClass: readonly ClassScores[],
  support: number,
  weight: (scores: ClassScores) => number,
): Scores {
  const mean = (pick: (scores: ClassScores) => number) =>
    perClass.reduce((sum, scores) => sum + weight(scores) * pick(scores), 0);
  return {
    precision: mean((s) => s.precision),
    recall: mean((s) => s.recall),
    f1: mean((s) => s.f1),
    support,
  };
}

/** toFixed, but an exact half goes to the even digit as in Python: 0.125 is "0.12", not "0.13". */
function fixed(value: number, digits: number): string {
  const rounded = value.toFixed(digits);
  const exact = value.toFixed(Math.min(100, digits + 50));
  const isHalf = /^50*$/.test(exact.slice(exact.indexOf(".") + 1 + digits));
  const isOdd = Number(rounded.at(-1)) % 2 === 1;
  return isHalf && isOdd ? (Number(rounded) - 10 ** -digits).toFixed(digits) : rounded;
}
