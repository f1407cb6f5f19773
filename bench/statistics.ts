/** Numbers of repeated measurements, and how tables show them. */

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

/** How far their median is likely off: the standard error, from the middle half, which a few odd ones do not move. */
export function standardError(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  // Of normally distributed numbers the middle half is 1.35 σ wide, and the error of the median 1.25 σ/√n.
  return ((1.25 / 1.35) * (quantile(0.75) - quantile(0.25))) / Math.sqrt(numbers.length);
}

/** Three significant digits, thousands grouped. */
export function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en");
}

/** "120–135", the smallest and the largest. */
export function rangeOf(numbers: readonly number[]): string {
  return `${rounded(Math.min(...numbers))}–${rounded(Math.max(...numbers))}`;
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
