/** What there is to say of a layer beside its name, in few words. */
import type { Json, JsonObject } from "@atelier/tracker/model";

/** How a setting is said; one that is as it usually is says nothing. */
const sayings: { readonly [setting: string]: (value: Json) => string } = {
  units: (value) => `${value} units`,
  filters: (value) => `${value} filters`,
  kernelSize: extent,
  poolSize: extent,
  strides: (value) => (extent(value) === "1 × 1" ? "" : `stride ${extent(value)}`),
  dilation: (value) => (extent(value) === "1 × 1" ? "" : `dilation ${extent(value)}`),
  groups: (value) => (value === 1 ? "" : `${value} groups`),
  padding: (value) => (value === "same" ? "same" : ""),
  activation: (value) => (value === "linear" ? "" : nameOf(value)),
  rate: (value) => `rate ${value}`,
  useBias: (value) => (value === false ? "no bias" : ""),
  kernelRegularizer: (value) => `regularised (${nameOf(value)})`,
};

/** The settings that make the layer what it is: "32 filters, 3 × 3, same, relu". */
export function layerText(settings: JsonObject): string {
  return Object.entries(sayings)
    .filter(([name]) => settings[name] !== undefined && settings[name] !== null)
    .map(([name, say]) => say(settings[name]!))
    .filter((words) => words !== "")
    .join(", ");
}

function extent(value: Json): string {
  return Array.isArray(value) ? value.join(" × ") : `${value} × ${value}`;
}

/** An activation or regulariser, which may have settings of its own. */
function nameOf(value: Json): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return String(value);
  const { type } = value as JsonObject;
  return typeof type === "string" ? type : Object.keys(value).join(", ");
}

/** What a layer is for, which its colour says. */
export type LayerKind = "weights" | "norm" | "pool" | "join" | "other";

const kinds: readonly (readonly [RegExp, LayerKind])[] = [
  [/^(Dense|.*Conv)/, "weights"],
  [/Normalization/, "norm"],
  [/Pooling/, "pool"],
  [/^(Add|Concatenate|Multiply)/, "join"],
];

export function layerKind(type: string): LayerKind {
  return kinds.find(([pattern]) => pattern.test(type))?.[1] ?? "other";
}
