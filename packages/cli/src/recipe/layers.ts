/**
 * The layers of a recipe. They are written as the engine's, with two reliefs: `units: classes` stands for the number
 * of classes, which only the data knows, and a first dense layer takes images without a flatten before it.
 */
import { flatten, type LayerConfig, parseLayers } from "@atelier/engine";

/** A layer as it is written: checked, but without its defaults, and `units` may be "classes". */
export type WrittenLayer = string | Readonly<Record<string, unknown>>;

/** Checks a list of layers and returns it as it is written. Throws bad-argument. */
export function readLayers(value: unknown, where: string): readonly WrittenLayer[] {
  parseLayers(Array.isArray(value) ? value.map((layer) => withClasses(layer, 1)) : value, where);
  return value as readonly WrittenLayer[];
}

/** The engine's layers for data with `classes` classes. */
export function layersOf(written: readonly WrittenLayer[], classes: number): LayerConfig[] {
  const layers = parseLayers(
    written.map((layer) => withClasses(layer, classes)),
    "layers",
  );
  return layers[0]!.type === "dense" ? [flatten(), ...layers] : layers;
}

function withClasses(layer: unknown, classes: number): unknown {
  const hasClasses =
    typeof layer === "object" && layer !== null && "units" in layer && layer.units === "classes";
  return hasClasses ? { ...layer, units: classes } : layer;
}
