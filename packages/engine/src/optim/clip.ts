/** Limits on gradients before the optimiser sees them. */
import { AtelierError } from "../error.ts";
import type { GraphBuilder, Value } from "../graph/builder.ts";
import { type Fields, optional, readRecord, realNumber, show } from "../nn/fields.ts";

/**
 * `globalNorm`: all gradients are scaled by one factor so that their joint Euclidean norm is at most this
 * (Pascanu et al. 2013). `value`: each element is kept in [−value, value].
 */
export type GradientClip = { readonly globalNorm: number } | { readonly value: number };

interface ClipRecord {
  readonly globalNorm?: number;
  readonly value?: number;
}

const clipFields: Fields<ClipRecord> = {
  globalNorm: optional(realNumber({ above: 0 })),
  value: optional(realNumber({ above: 0 })),
};

/** A clip from data of any origin. Throws bad-argument. */
export function parseGradientClip(value: unknown, where: string): GradientClip {
  const clip = readRecord(value, where, clipFields);
  if (Object.keys(clip).length !== 1) {
    throw new AtelierError(
      "bad-argument",
      `${where}: expected either globalNorm or value, got ${show(value)}.`,
    );
  }
  return clip as GradientClip;
}

/** The gradients clipped, by the same keys. */
export function clipGradients(
  builder: GraphBuilder,
  gradients: ReadonlyMap<string, Value>,
  clip: GradientClip,
): ReadonlyMap<string, Value> {
  if ("value" in clip) {
    const [low, high] = [builder.constant(-clip.value), builder.constant(clip.value)];
    return mapValues(gradients, (gradient) => builder.minimum(builder.maximum(gradient, low), high));
  }
  const squares = [...gradients.values()].map((gradient) => builder.total(builder.square(gradient)));
  const norm = builder.sqrt(squares.reduce((sum, square) => builder.add(sum, square), builder.constant(0)));
  // clip/max(norm, clip) is 1 below the limit
  const limit = builder.constant(clip.globalNorm);
  const factor = builder.div(limit, builder.maximum(norm, limit));
  return mapValues(gradients, (gradient) => builder.mul(gradient, factor));
}

function mapValues(values: ReadonlyMap<string, Value>, change: (value: Value) => Value): Map<string, Value> {
  return new Map([...values].map(([key, value]) => [key, change(value)]));
}
