/** One line at the bottom of a terminal that is rewritten in place; where there is no terminal, nothing. */
import type { Effects } from "../effects.ts";

export interface StatusLine {
  /** Shows `text`, cut to the terminal's width; at most about 15 times a second. */
  readonly show: (text: string) => void;
  /** Takes the line away, so that something else can be printed. */
  readonly clear: () => void;
}

const shortestPauseMs = 66;

export function statusLine({ stderr, terminal }: Effects): StatusLine {
  if (terminal === undefined) return { show: () => {}, clear: () => {} };
  let lastShown = Number.NEGATIVE_INFINITY;
  let isShown = false;
  return {
    show: (text) => {
      if (performance.now() - lastShown < shortestPauseMs) return;
      lastShown = performance.now();
      isShown = true;
      stderr(`\r\x1b[2K${[...text].slice(0, Math.max(1, terminal.columns - 1)).join("")}`);
    },
    clear: () => {
      if (isShown) stderr("\r\x1b[2K");
      isShown = false;
      lastShown = Number.NEGATIVE_INFINITY;
    },
  };
}
