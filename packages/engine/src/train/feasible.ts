/** Keeps people from starting work that the reference executor would not end. */
import { AtelierError } from "../error.ts";
import type { Executor } from "../executors/executor.ts";
import type { Graph } from "../graph/graph.ts";
import { multiplyAdds } from "../plan/cost.ts";

/** What a reference executor does in about ten minutes. */
const feasibleMultiplyAdds = 6e10;

/** Throws no-native when `steps` of `graph` are too much for a reference executor. */
export function expectFeasible(executor: Executor, graph: Graph, steps: number): void {
  if (executor.name !== "reference" || multiplyAdds(graph) * steps <= feasibleMultiplyAdds) return;
  throw new AtelierError(
    "no-native",
    "this training is too big for the reference executor, which would take hours. Use the native one (if it is not built: apt-get install g++, then npm run build:native), or fewer images (--limit) and epochs.",
  );
}
