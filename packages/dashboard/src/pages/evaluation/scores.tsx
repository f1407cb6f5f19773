import { formatCount, formatDecimal, formatPercent } from "@atelier/charts/text";
import type { LoadedEvaluation } from "../../images/use-evaluation.ts";
import { type FactEntry, Facts } from "../../parts/facts.tsx";

/** The evaluation in numbers. */
export function Scores({ loaded: { evaluation, metrics } }: { readonly loaded: LoadedEvaluation }) {
  const [low, high] = metrics.accuracyInterval;
  const topTwo = metrics.topK["2"];
  const facts: readonly FactEntry[] = [
    {
      name: "accuracy",
      value: formatDecimal(metrics.accuracy, 4),
      note: `95 %: ${formatDecimal(low, 4)} – ${formatDecimal(high, 4)}`,
    },
    { name: "loss", value: formatDecimal(metrics.loss, 4), note: "mean −ln p" },
    ...(topTwo === undefined ? [] : [{ name: "top-2 accuracy", value: formatDecimal(topTwo, 4) }]),
    { name: "macro F1", value: formatDecimal(metrics.macro.f1, 4) },
    { name: "calibration error", value: formatPercent(metrics.calibration.ece), note: "expected" },
    { name: "images", value: formatCount(metrics.count), note: `${evaluation.data} ${evaluation.part}` },
  ];
  return <Facts facts={facts} />;
}
