/** The metrics without what opens data sets: pure functions, for browsers too. */
export { type ClassificationMetrics, classificationMetrics } from "./classification-metrics.ts";
export { likelyMislabelled } from "./likely-mislabelled.ts";
export { listMistakes, type Mistake } from "./mistakes.ts";
