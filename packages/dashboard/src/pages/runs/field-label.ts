import type { RunField } from "@atelier/tracker/model";

const labels: Readonly<Record<string, string>> = {
  createdAt: "created",
  heartbeatAt: "last sign of life",
  finishedAt: "finished",
  jobType: "job type",
};

/** What stands above a column: the key of a metric, the last keys of a place in config. */
export function fieldLabel(field: RunField): string {
  if (field.startsWith("summary.")) return field.slice("summary.".length);
  if (field.startsWith("config."))
    return field.slice("config.".length).replace(/^(recipe|training|model)\./, "");
  return labels[field] ?? field;
}
