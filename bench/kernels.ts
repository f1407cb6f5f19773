/** What share of the multiply-add peak the products reach, by packages/kernels/bench/peak.ts. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Part, Workbench } from "./part.ts";

export function measureKernels({ variant }: Workbench): Part {
  const script = fileURLToPath(new URL("../packages/kernels/bench/peak.ts", import.meta.url));
  const lines = execFileSync(process.execPath, [script, variant], { encoding: "utf8" }).trimEnd();
  return {
    numbers: lines.split("\n"),
    text: `Products on one thread, per second of its processor time, beside the measured peak of independent multiply-adds. Taps
on padding count as work, and so do all taps of convolutions by transform, which may thus pass 100 %.

\`\`\`
${lines}
\`\`\``,
  };
}
