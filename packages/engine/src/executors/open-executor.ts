/** Chooses an executor: the native one where it is built, otherwise the reference. */
import { AtelierError } from "../error.ts";
import type { Executor } from "./executor.ts";
import { openNativeExecutor } from "./native/native-executor.ts";
import { openReferenceExecutor } from "./reference/reference-executor.ts";

export interface ExecutorOptions {
  /** "auto" (default): native, or the reference when the add-on is missing and no variant was asked for. */
  readonly kind?: "auto" | "native" | "reference";
  /** Default: all cores. */
  readonly threads?: number;
  /** CPU variant of the kernels; default the best this machine has. */
  readonly variant?: string;
  /** Told once, in one sentence, when "auto" falls back to the reference. */
  readonly onFallback?: (reason: string) => void;
}

/** Opens an executor. Throws no-native when "native" is asked for and cannot be had. */
export function openExecutor({ kind = "auto", onFallback, ...native }: ExecutorOptions = {}): Executor {
  if (kind === "reference") return openReferenceExecutor();
  try {
    return openNativeExecutor(native);
  } catch (error) {
    const asked = kind === "native" || native.variant !== undefined;
    if (asked || !(error instanceof AtelierError) || error.code !== "no-native") throw error;
    onFallback?.(error.message);
    return openReferenceExecutor();
  }
}
