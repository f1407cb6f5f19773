import { ownFields, type RunField } from "@atelier/tracker/model";

const labels: Readonly<Record<string, string>> = {
  createdAt: "created",
  heartbeatAt: "last sign of life",
  finishedAt: "finished",
  jobType: "job type",
};

/** What stands above a column: the key of a metric, the last keys of a place in config. */
export function fieldLabel(field: RunField): string {
  if (field.startsWith("summary.")) return field.slice("summary.".length);
  if (field.startsWith("config.")) {
    const key = field.slice("config.".length);
    return (ownFields as readonly string[]).includes(key) ? field : key;
  }
  return labels[field] ?? field;
}
