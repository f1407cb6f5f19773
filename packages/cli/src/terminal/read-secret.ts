/** A line that is typed without being shown. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/** One line of `input`; on a terminal the question is asked on `output` and what is typed stays unseen. */
export async function readSecret(
  question: string,
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): Promise<string> {
  if (input.isTTY) output.write(question);
  const silent = new Writable({ write: (_, __, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: input.isTTY });
  try {
    for await (const line of lines) return line.trim();
    return "";
  } finally {
    lines.close();
    if (input.isTTY) output.write("\n");
  }
}
