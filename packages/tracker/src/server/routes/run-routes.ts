/** Projects and runs. */
import { z } from "zod";
import type { RunListQuery } from "../../api/index.ts";
import { fromJsonText } from "../../model/json.ts";
import { parseRunFilter } from "../../model/parse-run-filter.ts";
import { parseRunField, type RunField } from "../../model/run-field.ts";
import type { RunFilter } from "../../model/run-filter.ts";
import { TrackerError } from "../../model/tracker-error.ts";
import type { RunQuery } from "../../store/store.ts";
import { limitText, text, texts } from "../schemas/json.ts";
import {
  environment,
  fieldCount,
  newRun,
  project,
  run,
  runCells,
  runPage,
  runUpdate,
  writer,
} from "../schemas/run.ts";
import { runFilter } from "../schemas/run-filter.ts";
import type { ServerRoutes } from "../server-route.ts";

export const scope = z.strictObject({ entity: text, project: text });

/** Entity and project may be absent: all of them. */
export const anyScope = scope.partial() as unknown as z.ZodType<{ entity?: string; project?: string }>;

const field = text.transform((name) => parseRunField(name));

const runListQuery = z.strictObject({
  entity: text.exactOptional(),
  project: text.exactOptional(),
  filter: text.exactOptional(),
  sort: field.exactOptional(),
  direction: z.enum(["asc", "desc"]).exactOptional(),
  after: text.exactOptional(),
  limit: limitText.exactOptional(),
});

export const runRoutes: ServerRoutes<
  | "listProjects"
  | "listRuns"
  | "listCells"
  | "listFields"
  | "createRun"
  | "getRun"
  | "resumeRun"
  | "updateRun"
  | "deleteRun"
  | "getEnvironment"
> = {
  listProjects: {
    about: "All projects, the most recently used first.",
    answer: z.array(project),
    answerTo: (_, { store }) => store.listProjects(),
  },
  listRuns: {
    about: "One page of whole runs.",
    query: runListQuery,
    answer: runPage,
    answerTo: ({ query }, { store }) => store.listRuns(runQuery(query)),
  },
  listCells: {
    about: "One page of runs as cells of the columns asked for: little data for large tables.",
    query: runListQuery.extend({ columns: texts.default([]).pipe(z.array(field)) }),
    answer: runCells,
    answerTo: ({ query: { columns, ...query } }, { store }) => store.listCells(runQuery(query), columns),
  },
  listFields: {
    about: "The fields that runs of a project have in config and summary.",
    query: scope,
    answer: z.array(fieldCount),
    answerTo: ({ query }, { store }) => store.listFields(query),
  },
  createRun: {
    about: "Makes a run, and its project if there is none.",
    body: newRun,
    answer: run,
    answerTo: ({ body }, { store }) => store.createRun(body),
  },
  getRun: {
    about: "A run.",
    answer: run,
    answerTo: ({ parameters }, { store }) => store.getRun(parameters.runId),
  },
  resumeRun: {
    about: "Makes a run that has ended or crashed a running one again, for another writer.",
    body: writer,
    answer: run,
    answerTo: ({ parameters, body }, { store }) => store.resumeRun(parameters.runId, body),
  },
  updateRun: {
    about: "Changes a run: what is present replaces what was, and null takes it away.",
    body: runUpdate,
    answer: run,
    answerTo: ({ parameters, body }, { store }) => store.updateRun(parameters.runId, body),
  },
  deleteRun: {
    about: "Forgets a run with all its rows, lines, files and evaluations; artifacts it made stay.",
    answer: z.null(),
    answerTo: ({ parameters }, { store }) => store.deleteRun(parameters.runId).then(() => null),
  },
  getEnvironment: {
    about: "What it takes to run a run again: host, command, packages, git commit and diff.",
    answer: environment,
    answerTo: ({ parameters }, { store }) => store.getEnvironment(parameters.runId),
  },
};

function runQuery({ filter, sort, direction = "desc", ...rest }: RunListQuery): RunQuery {
  return {
    ...rest,
    ...(filter !== undefined && { filter: filterOf(filter) }),
    ...(sort !== undefined && { sort: { field: sort as RunField, direction } }),
    ...(sort === undefined && direction === "asc" && { sort: { field: "createdAt", direction } as const }),
  };
}

function filterOf(text: string): RunFilter {
  if (!text.startsWith("{")) return parseRunFilter(text);
  try {
    return runFilter.parse(fromJsonText(text));
  } catch (cause) {
    throw new TrackerError("bad-argument", `filter: expected a filter as JSON, got ${text}.`, { cause });
  }
}
