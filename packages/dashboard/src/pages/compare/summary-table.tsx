import { goalOf, type Run } from "@atelier/tracker/model";
import { formatNumber, formatValue } from "../../parts/format.ts";
import { bestValue, goalOfName, metricRank } from "../../parts/metric-sense.ts";
import { SideBySide } from "./side-by-side.tsx";

/** What came out of each run, the best of each row marked where it is known which way is better. */
export function SummaryTable({ runs }: { readonly runs: readonly Run[] }) {
  const keys = [...new Set(runs.flatMap(({ summary }) => Object.keys(summary)))].sort(
    (a, b) => metricRank(a) - metricRank(b) || a.localeCompare(b),
  );
  const isPair = runs.length === 2;
  const rows = keys.map((key) => {
    const values = runs.map(({ summary }) => summary[key]);
    const best = bestValue(values, goalOfMetric(key, runs));
    return {
      name: key,
      cells: [
        ...values.map((value) => ({
          text: value === undefined ? "" : formatValue(value),
          className: value !== undefined && value === best ? "best" : undefined,
        })),
        ...(isPair ? [{ text: differenceOf(values), className: "muted" }] : []),
      ],
    };
  });
  if (rows.length === 0) return null;
  return (
    <section className="stack">
      <h2>Results</h2>
      <SideBySide runs={runs} rows={rows} {...(isPair && { lastHead: "difference" })} />
    </section>
  );
}

/** The second number less the first. */
function differenceOf([a, b]: readonly unknown[]): string {
  if (typeof a !== "number" || typeof b !== "number" || !Number.isFinite(b - a)) return "";
  if (a === b) return "0";
  return `${b < a ? "−" : "+"}${formatNumber(Math.abs(b - a))}`;
}

/** Which way a metric is better, as its definition says, or else its name. */
function goalOfMetric(key: string, runs: readonly Run[]): "minimize" | "maximize" | undefined {
  const definition = runs.find(({ metrics }) => metrics[key])?.metrics[key];
  return (definition && goalOf(definition)) ?? goalOfName(key);
}
