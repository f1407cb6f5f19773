/** A store on another machine, or in another process: its server is called for everything. */
import { type ApiClient, type ApiClientOptions, apiClient, type RunListQuery } from "../../api/index.ts";
import { type Json, toJsonText } from "../../model/json.ts";
import type { RunQuery, Store } from "../store.ts";
import { httpBlobs } from "./http-blobs.ts";

/** A server that says nothing for so long counts as unreachable. */
const timeoutMs = 60_000;

/** The store behind the server at `url`. Nothing is asked of it yet. Errors are those of the server, or unreachable. */
export function openHttpStore(options: ApiClientOptions & { readonly url: string }): Store {
  const client = apiClient(options);
  const call: ApiClient["call"] = (name, ...[request]) =>
    client.call(name, ...([{ signal: AbortSignal.timeout(timeoutMs), ...request }] as unknown as [never]));
  const nothing = () => {};
  return {
    blobs: httpBlobs(client),
    listProjects: () => call("listProjects"),
    createRun: (body) => call("createRun", { body }),
    getRun: (runId) => call("getRun", { parameters: { runId } }),
    getEnvironment: (runId) => call("getEnvironment", { parameters: { runId } }),
    resumeRun: (runId, writer) => call("resumeRun", { parameters: { runId }, body: writer }),
    updateRun: (runId, body) => call("updateRun", { parameters: { runId }, body }),
    deleteRun: (runId) => call("deleteRun", { parameters: { runId } }).then(nothing),
    listRuns: (query) => call("listRuns", { query: listQuery(query) }),
    listCells: (query, columns) => call("listCells", { query: { ...listQuery(query), columns } }),
    listFields: ({ entity, project }) => call("listFields", { query: { entity, project } }),
    append: (runId, body) => call("append", { parameters: { runId }, body }).then(nothing),
    listKeys: (runId, stream) => call("listKeys", { parameters: { runId }, query: { stream } }),
    readSeries: (body) => call("readSeries", { body }),
    readRows: ({ runId, ...query }) => call("readRows", { parameters: { runId }, query }),
    readConsole: ({ runId, ...query }) => call("readConsole", { parameters: { runId }, query }),
    putFile: (runId, body) => call("putFile", { parameters: { runId }, body }).then(nothing),
    listFiles: (runId) => call("listFiles", { parameters: { runId } }),
    createArtifact: (runId, body) => call("createArtifact", { parameters: { runId }, body }),
    getArtifact: ({ entity, project, name, alias }) =>
      call("getArtifact", { parameters: { name, alias }, query: { entity, project } }),
    useArtifact: (runId, { entity, project, name, version }) =>
      call("useArtifact", { parameters: { runId }, body: { entity, project, name, version } }).then(nothing),
    listArtifacts: (scope) =>
      "runId" in scope
        ? call("listRunArtifacts", { parameters: { runId: scope.runId } })
        : call("listArtifacts", { query: { entity: scope.entity, project: scope.project } }),
    putEvaluation: (body) => call("putEvaluation", { parameters: { runId: body.runId }, body }).then(nothing),
    listEvaluations: (runs) => call("listEvaluations", { query: { runs } }),
    changesSince: (cursor) => call("readChanges", { query: cursor === undefined ? {} : { cursor } }),
    compact: (runId) => call("compact", { parameters: { runId } }).then(nothing),
    removeUnusedBlobs: () => call("removeUnusedBlobs"),
    [Symbol.asyncDispose]: async () => {},
  };
}

function listQuery({ filter, sort, ...rest }: RunQuery): RunListQuery {
  return {
    ...rest,
    ...(filter !== undefined && { filter: toJsonText(filter as unknown as Json) }),
    ...(sort !== undefined && { sort: sort.field, direction: sort.direction }),
  };
}
