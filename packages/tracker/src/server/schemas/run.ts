/** Schemas of runs and projects. */
import { z } from "zod";
import type { MetricDefinition } from "../../model/metric-definition.ts";
import type { Project } from "../../model/project.ts";
import type { NewRun, RunEnvironment, RunUpdate, Writer } from "../../model/run.ts";
import { count, json, jsonObject, optional, recordOf, text, time } from "./json.ts";

const metricDefinition = z.object({
  summary: z.enum(["last", "min", "max", "best"]).exactOptional(),
  goal: z.enum(["minimize", "maximize"]).exactOptional(),
}) satisfies z.ZodType<MetricDefinition>;

const metrics = recordOf(metricDefinition);

const dataset = z.object({ name: text, checksum: text });

export const environment = z.object({
  host: z
    .object({ name: text, platform: text, cpu: text, cores: z.number(), memoryBytes: z.number() })
    .exactOptional(),
  command: z.array(text).exactOptional(),
  folder: text.exactOptional(),
  runtime: text.exactOptional(),
  packages: recordOf(text).exactOptional(),
  git: z.object({ commit: text, branch: text.exactOptional(), remote: text.exactOptional() }).exactOptional(),
  diff: text.exactOptional(),
}) satisfies z.ZodType<RunEnvironment>;

export const writer = z.object({ host: text, pid: count, pidNamespace: text }) satisfies z.ZodType<Writer>;

export const newRun = z.object({
  id: text,
  name: optional(text),
  entity: text,
  project: text,
  group: optional(text),
  jobType: optional(text),
  tags: optional(z.array(text)),
  notes: optional(text),
  config: optional(jsonObject),
  metrics: optional(metrics),
  dataset: optional(dataset),
  environment: optional(environment),
  writer: optional(writer),
  createdAt: time,
}) satisfies z.ZodType<NewRun>;

/** Strict, so that a misspelt property is not taken for a change that was made. */
export const runUpdate = z.strictObject({
  name: text.exactOptional(),
  group: optional(text),
  jobType: optional(text),
  tags: z.array(text).exactOptional(),
  notes: text.exactOptional(),
  config: jsonObject.exactOptional(),
  summary: jsonObject.exactOptional(),
  metrics: metrics.exactOptional(),
  dataset: dataset.exactOptional(),
  environment: environment.exactOptional(),
  state: z.enum(["finished", "failed", "stopped"]).exactOptional(),
  finishedAt: optional(time),
  error: optional(text),
}) satisfies z.ZodType<RunUpdate>;

export const run = z.object({
  id: text,
  name: text,
  entity: text,
  project: text,
  group: text.optional(),
  jobType: text.optional(),
  tags: z.array(text),
  notes: text,
  config: jsonObject,
  summary: jsonObject,
  metrics,
  dataset: dataset.optional(),
  writer: writer.optional(),
  state: z.enum(["running", "finished", "failed", "crashed", "stopped"]),
  createdAt: time,
  startedAt: time,
  heartbeatAt: time,
  finishedAt: time.optional(),
  error: text.optional(),
  next: z.object({ row: count, systemRow: count, consoleLine: count, step: z.number() }),
});

export const runPage = z.object({ runs: z.array(run), total: count, next: text.optional() });

export const runCells = z.object({
  rows: z.array(z.object({ id: text, name: text, state: run.shape.state, cells: z.array(json) })),
  total: count,
  next: text.optional(),
});

export const fieldCount = z.object({ field: text, runCount: count, owner: text.exactOptional() });

export const project = z.object({
  entity: text,
  name: text,
  createdAt: time,
  runCount: count,
  updatedAt: time,
}) satisfies z.ZodType<Project>;
