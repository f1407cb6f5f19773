/** Which options must be equal for a resumed training to continue the same numbers. */
import type { ImageDataset } from "./dataset.ts";
import type { FitOptions } from "./fit-options.ts";

/** What must be equal for a resume to continue the same numbers, as JSON with sorted keys. */
export function rulesOf(
  {
    validation,
    executor: _,
    signal: _s,
    resume: _r,
    onProgress: _p,
    onCheckpoint: _c,
    checkpointSeconds: _t,
    ...rules
  }: FitOptions,
  train: ImageDataset,
): string {
  const data = {
    train: [train.checksum, train.size],
    validation: validation ? [validation.checksum, validation.size] : null,
  };
  return JSON.stringify({ ...rules, data }, (_key, value) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort())
      : value,
  );
}

/** One option in which two rulesOf differ, in words. */
export function firstDifference(made: string, now: string): string {
  const [before, after] = [JSON.parse(made), JSON.parse(now)] as Record<string, unknown>[];
  for (const key of new Set([...Object.keys(before!), ...Object.keys(after!)])) {
    const [a, b] = [JSON.stringify(before![key]), JSON.stringify(after![key])];
    if (a !== b) return `${key} was ${a}, now ${b}`;
  }
  return "an unknown difference";
}
