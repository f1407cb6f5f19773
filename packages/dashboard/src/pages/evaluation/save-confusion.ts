import type { ConfusionMatrix } from "@atelier/charts";
import { saveCsv } from "../../charts/export.ts";

/** Saves a confusion matrix as CSV: a row a true class, a column a predicted one. */
export function saveConfusion({ classNames, counts }: ConfusionMatrix): void {
  const rows = classNames.map((name, row) => [name, ...classNames.map((_, column) => counts[row]![column]!)]);
  saveCsv("confusion", ["true \\ predicted", ...classNames], rows);
}
