/** Listens to what the process writes to stdout and stderr, which it goes on doing. */
export type ConsoleListener = (stream: "stdout" | "stderr", text: string) => void;

/** Longer lines are cut: a line is for reading. */
const longestLine = 16_384;

/**
 * Calls `listener` for each line written from now on; what a progress bar writes over (before a carriage return) is no
 * line. The function returned ends it.
 */
export function captureConsole(listener: ConsoleListener): () => void {
  const ends = (["stdout", "stderr"] as const).map((stream) => captureStream(stream, listener));
  return () => {
    for (const end of ends) end();
  };
}

function captureStream(name: "stdout" | "stderr", listener: ConsoleListener): () => void {
  const stream = process[name];
  const original = stream.write;
  const lines = lineSplitter((text) => listener(name, text));
  const decoder = new TextDecoder();
  const replacement = function write(this: unknown, ...parameters: Parameters<typeof original>) {
    const [chunk] = parameters as unknown as [string | Uint8Array];
    lines.push(typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
    return original.apply(stream, parameters);
  } as typeof original;
  stream.write = replacement;
  return () => {
    lines.end();
    // Somebody who has wrapped it meanwhile keeps the wrapper, which then only passes on.
    if (stream.write === replacement) stream.write = original;
  };
}

/** Cuts text into lines, however it comes in pieces. */
export function lineSplitter(line: (text: string) => void): {
  readonly push: (text: string) => void;
  readonly end: () => void;
} {
  let rest = "";
  let isEnded = false;
  const emit = (text: string) => {
    const shown = text.replace(/\r$/, "");
    line(shown.slice(shown.lastIndexOf("\r") + 1).slice(0, longestLine));
  };
  return {
    push(text) {
      if (isEnded) return;
      const pieces = (rest + text).split("\n");
      rest = pieces.pop()!;
      for (const piece of pieces) emit(piece);
      // A bar is redrawn many times before its line ends.
      const overwritten = rest.slice(0, -1).lastIndexOf("\r");
      if (overwritten >= 0) rest = rest.slice(overwritten + 1);
      if (rest.length > longestLine) rest = rest.slice(0, longestLine);
    },
    end() {
      if (rest !== "") emit(rest);
      isEnded = true;
    },
  };
}
