/** Opens what trainings and evaluations run on, and says what it is where that is not the usual one. */
import { AtelierError, type Executor, nearestName, openExecutor } from "@atelier/engine";
import { type Effects, say } from "../effects.ts";

export interface ExecutorChoice {
  readonly executor?: string | undefined;
  readonly threads?: number | undefined;
  readonly variant?: string | undefined;
}

const kinds = ["auto", "native", "reference"] as const;

/** Throws bad-argument for an unknown kind, no-native when the native one is asked for and cannot be had. */
export function chooseExecutor(
  { executor = "auto", threads, variant }: ExecutorChoice,
  effects: Effects,
): Executor {
  const kind = kinds.find((known) => known === executor);
  if (kind === undefined) {
    const nearest = nearestName(executor, kinds);
    const hint = nearest === undefined ? `Known are: ${kinds.join(", ")}.` : `Did you mean "${nearest}"?`;
    throw new AtelierError(
      "bad-argument",
      `--executor: expected a kind of executor, got "${executor}". ${hint}`,
    );
  }
  return openExecutor({
    kind: kind === "auto" && variant !== undefined ? "native" : kind, // the reference has no variants
    ...(threads !== undefined && { threads }),
    ...(variant !== undefined && { variant }),
    onFallback: (reason) => say(effects, reason),
  });
}
