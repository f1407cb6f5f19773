/** Numbers as people read them. */

/** 814090 → "814,090". */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** Four digits after the point, as losses and accuracies are shown; "–" for what was not measured. */
export function score(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(4);
}

/** Three digits and a unit: 812 → "812", 81200 → "81.2k", 1.5e6 → "1.5M". */
export function compact(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value < 9.95) return value.toFixed(1);
  if (value < 999.5) return value.toFixed(0);
  return value < 999_500 ? `${(value / 1e3).toPrecision(3)}k` : `${(value / 1e6).toPrecision(2)}M`;
}

/** A span of time: "40 ms", "0.7 s", "42 s", "3:05", "1:02:03". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const twoDigits = (value: number) => String(value).padStart(2, "0");
  const rest = twoDigits(whole % 60);
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** "1 image", "2 images". */
export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
