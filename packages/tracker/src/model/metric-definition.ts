/** How a metric is summed up, and which way is better. */

import type { HistoryRow } from "./history.ts";
import type { Json } from "./json.ts";
import { valueAsJson } from "./value.ts";

/** Which of its values stands for a metric in the summary; best is min or max, whichever its goal says. */
export type SummaryRule = "last" | "min" | "max" | "best";
export type Goal = "minimize" | "maximize";

export interface MetricDefinition {
  /** Default: last. */
  readonly summary?: SummaryRule;
  /** Which way is better; dashboards mark the best run by it. */
  readonly goal?: Goal;
}

/**
 * Takes a row into a running summary: the value of the highest step for `last`, the extreme for `min`, `max` and
 * `best`; NaN is an extreme only as long as there is nothing else. `steps` is updated for the keys of rule last.
 */
export function summarize(
  summary: Record<string, Json>,
  steps: Map<string, number>,
  { step, values }: Pick<HistoryRow, "step" | "values">,
  definitions: Readonly<Record<string, MetricDefinition>>,
): void {
  for (const key in values) {
    const value = valueAsJson(values[key]!);
    const rule = ruleOf(definitions[key]);
    if (rule === "last") {
      if (step < (steps.get(key) ?? Number.NEGATIVE_INFINITY)) continue;
      steps.set(key, step);
      summary[key] = value;
    } else if (typeof value === "number" && isBetter(value, summary[key], rule)) {
      summary[key] = value;
    }
  }
}

function ruleOf(definition: MetricDefinition | undefined): "last" | "min" | "max" {
  const { summary = "last", goal } = definition ?? {};
  if (summary !== "best") return summary;
  return goal === "minimize" ? "min" : "max";
}

function isBetter(value: number, before: Json | undefined, rule: "min" | "max"): boolean {
  if (typeof before !== "number" || Number.isNaN(before)) return true;
  return rule === "min" ? value < before : value > before;
}

/** Whether `summary` values of a metric are better when larger, smaller, or neither is known. */
export function goalOf({ summary, goal }: MetricDefinition): Goal | undefined {
  if (goal !== undefined) return goal;
  return summary === "min" ? "minimize" : summary === "max" ? "maximize" : undefined;
}
