/** What stands where a number is missing or not finite. */
export const noValue = "–";

/** A whole number with thousands separated: 814,090. */
export function formatCount(value: number | null | undefined): string {
  return isNumber(value) ? Math.round(value).toLocaleString("en-US") : noValue;
}

/** A number with a fixed count of decimals: 0.9361. */
export function formatDecimal(value: number | null | undefined, digits: number): string {
  return isNumber(value) ? value.toFixed(digits) : noValue;
}

/** A share in [0, 1] as per cent; near both ends it keeps a decimal: 61%, 0.4%, and never 100% for less than all: 99.9%. */
export function formatPercent(share: number | null | undefined): string {
  if (!isNumber(share)) return noValue;
  const percent = share * 100;
  if (percent > 99 && percent < 100) return `${(Math.floor(percent * 10) / 10).toFixed(1)}%`;
  return `${percent > 0 && percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)}%`;
}

function isNumber(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}
