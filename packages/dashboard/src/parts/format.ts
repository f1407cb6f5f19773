/** Numbers, times and values as text, the same on every page. */
import type { Json } from "@atelier/tracker/model";

const time = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const missing = "–";

/** A number with about five significant digits: 0.93612, 12,800, 3.2e-5. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return value.toLocaleString("en-US");
  if (size < 1e-4 || size >= 1e7) return value.toExponential(3).replace(/\.?0+e/, "e");
  return size >= 1000
    ? value.toLocaleString("en-US", { maximumFractionDigits: 1 })
    : String(Number(value.toPrecision(5)));
}

/** A number where there is little room: 420.8M. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (!(size >= 1e6 && size < 1e12)) return formatNumber(value);
  return size >= 1e9
    ? `${Number((value / 1e9).toPrecision(4))}G`
    : `${Number((value / 1e6).toPrecision(4))}M`;
}

/** Any value of a config, summary or table cell on one line. */
export function formatValue(value: Json | undefined): string {
  if (value === null || value === undefined) return missing;
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "true" : "false";
  if (Array.isArray(value))
    return value.every(isScalar) ? value.map(formatValue).join(", ") : JSON.stringify(value);
  const { type } = value as { readonly type?: Json };
  return typeof type === "string" && Object.keys(value).length > 1 ? type : JSON.stringify(value);
}

function isScalar(value: Json): boolean {
  return value === null || typeof value !== "object";
}

/** A moment, in milliseconds since the epoch, as date and time. */
export function formatTime(ms: number): string {
  return time.format(ms);
}

/** How long ago a moment was: 5 min. ago. */
export function formatAgo(ms: number, now = Date.now()): string {
  const seconds = (ms - now) / 1000;
  const steps = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ] as const;
  if (Math.abs(seconds) > 30 * 86_400) return time.format(ms);
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
  }
  return Math.abs(seconds) < 10 ? "now" : relative.format(Math.round(seconds), "second");
}

/** A span of time in milliseconds: 850 ms, 12.3 s, 4 min 02 s, 3 h 05 min. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
}

/** "1 file", "2 files". */
export function countOf(count: number, what: string): string {
  return `${formatNumber(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** A size in bytes: 12 kB, 3.4 MB. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let at = 0;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at++;
  }
  return `${at === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[at]}`;
}
