import { ownFields, type RunField } from "@atelier/tracker/model";
import type { FieldCount } from "./use-runs.ts";

const labels: Readonly<Record<string, string>> = {
  createdAt: "created",
  heartbeatAt: "last sign of life",
  finishedAt: "finished",
  jobType: "job type",
};

/** What stands above a column: the key of a metric, the place of a setting. */
export function fieldLabel(field: RunField): string {
  if (field.startsWith("summary.")) return field.slice("summary.".length);
  if (field.startsWith("config.")) {
    const key = field.slice("config.".length);
    return (ownFields as readonly string[]).includes(key) ? field : key;
  }
  return labels[field] ?? field;
}

/** What kind of layer each setting of one belongs to. */
export function ownersOf(fields: readonly FieldCount[]): ReadonlyMap<RunField, string> {
  return new Map(
    fields.flatMap(({ field, owner }) => (owner === undefined ? [] : [[field, owner] as const])),
  );
}

/** Beside the place of a layer's setting, what kind of layer that is. */
export function FieldNote({ owner }: { readonly owner: string | undefined }) {
  return owner !== undefined && <small className="note"> {owner}</small>;
}
