/** Keeps people from starting work that the reference executor would not end. */
import { AtelierError } from "../error.ts";
import type { Executor } from "../executors/executor.ts";
import type { Model } from "../nn/model.ts";
import { multiplyAdds } from "../plan/cost.ts";
import type { FitRules } from "./fit-options.ts";
import { trainGraph } from "./step-graphs.ts";

/** What a reference executor does in about ten minutes. */
const feasibleMultiplyAdds = 6e10;

/**
 * Throws no-native when training on so many images would take a reference executor hours. `fit` asks the same; ask
 * before, where several trainings follow each other.
 */
export function expectFeasible(
  executor: Executor,
  model: Model,
  images: number,
  rules: FitRules & Required<Pick<FitRules, "epochs" | "batchSize">>,
): void {
  if (executor.name !== "reference") return;
  const batch = Math.min(rules.batchSize, images);
  const steps = (images * rules.epochs) / batch;
  if (multiplyAdds(trainGraph(model, batch, rules).graph) * steps <= feasibleMultiplyAdds) return;
  throw new AtelierError(
    "no-native",
    "this training is too big for the reference executor, which would take hours. Use the native one (if it is not built: apt-get install g++, then npm run build:native), or fewer images (--limit) and epochs.",
  );
}
