/** Peak resident memory of training each recipe, in a process of its own that also holds the data. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Part, Workbench } from "./part.ts";
import { table } from "./statistics.ts";

export function measureMemory({ recipes, executor, variant, report }: Workbench): Part {
  const script = fileURLToPath(new URL("./train-for-memory.ts", import.meta.url));
  const rows = recipes.map((recipe) => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [script, recipe, String(executor.threads), variant],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`${recipe}: ${stderr.trim()}`);
    report(`  ${recipe}: ${megabytes(Number(stdout))}`);
    return { recipe, peakBytes: Number(stdout) };
  });
  const text = table(
    ["recipe", "peak"],
    rows.map(({ recipe, peakBytes }) => [recipe, megabytes(peakBytes)]),
  );
  return {
    numbers: rows,
    text: `Peak resident size of a training process: Node, the data set, the session, training and validation.\n\n${text}`,
  };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
