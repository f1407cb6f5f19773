/** A bar of `width` characters filled to `share` in [0, 1], by eighths of a character. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const whole = Math.floor(eighths / 8);
  const part = " ▏▎▍▌▋▊▉"[eighths % 8]!.trim();
  return `${"█".repeat(whole)}${part}`.padEnd(width, "░");
}
