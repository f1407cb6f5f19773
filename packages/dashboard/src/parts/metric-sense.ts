/** What the name of a metric says of it, where nobody has said more. */

/** Which way it is better; undefined where the name does not tell. */
export function goalOfName(key: string): "minimize" | "maximize" | undefined {
  if (/loss|error/i.test(key)) return "minimize";
  return /accuracy|f1|precision|recall/i.test(key) ? "maximize" : undefined;
}

/** For sorting: results on data that was not trained on come first. */
export function metricRank(key: string): number {
  if (key.includes("test")) return 0;
  if (key.includes("val")) return 1;
  return goalOfName(key) === undefined ? 3 : 2;
}

/** The best of some values of a metric; undefined where all are equal or nothing tells. */
export function bestValue(
  values: readonly unknown[],
  goal: "minimize" | "maximize" | undefined,
): number | undefined {
  if (goal === undefined) return undefined;
  let best: number | undefined;
  let isTold = false;
  for (const value of values) {
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    if (best !== undefined && value !== best) isTold = true;
    if (best === undefined || (goal === "minimize" ? value < best : value > best)) best = value;
  }
  return isTold ? best : undefined;
}
