import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { fillStore, scope, testServer } from "../../test/test-server.ts";
import { decodeSeries, fromWireText, type RequestOf, type RouteName, routes } from "../api/index.ts";
import { serverRoutes } from "./server-routes.ts";

const run = { runId: "a" };

/** One good call of every route that answers JSON of the store, in an order in which they can all succeed. */
const calls: { readonly [N in RouteName]?: RequestOf<N> } = {
  readSession: {},
  listProjects: {},
  listRuns: {
    query: { ...scope, filter: "config.rate > 0 and not tags exists", sort: "summary.loss", limit: 5 },
  },
  listCells: { query: { columns: ["name", "summary.loss", "config.optimizer.kind"], direction: "asc" } },
  listFields: { query: scope },
  getRun: { parameters: run },
  getEnvironment: { parameters: run },
  listKeys: { parameters: run, query: { stream: "system" } },
  readRows: { parameters: run, query: { keys: ["loss"], limit: 2, changedAfter: 0 } },
  readConsole: { parameters: run, query: { before: 9 } },
  listFiles: { parameters: run },
  listArtifacts: { query: scope },
  getArtifact: { parameters: { name: "net", alias: "latest" }, query: scope },
  listRunArtifacts: { parameters: run },
  listEvaluations: { query: { runs: ["a", "b"] } },
  listRunEvaluations: { parameters: run },
  readChanges: { query: { cursor: 0 } },
  listDatasets: { query: {} },
  describeApi: {},
  createRun: {
    body: { id: "b", ...scope, createdAt: 5, group: undefined, config: { deep: { nan: Number.NaN } } },
  },
  updateRun: { parameters: run, body: { tags: ["good"], group: undefined } },
  append: { parameters: run, body: { rows: [{ row: 3, step: 3, time: 5, values: { loss: Number.NaN } }] } },
  compact: { parameters: run },
  useArtifact: { parameters: { runId: "b" }, body: { ...scope, name: "net", version: 0 } },
  removeUnusedBlobs: {},
  deleteRun: { parameters: run },
};

describe("every call", () => {
  test("answers what its description says", async () => {
    const { store, call } = await testServer();
    await fillStore(store);
    for (const [name, request] of Object.entries(calls) as [RouteName, RequestOf<RouteName>][]) {
      const response = await call(name, request);
      expect(response.statusCode, `${name}: ${response.body}`).toBe(200);
      const { error } = (serverRoutes[name].answer as z.ZodType).safeParse(fromWireText(response.body));
      expect(error, `${name}: ${error?.message} in ${response.body}`).toBeUndefined();
      expect(response.headers["x-content-type-options"]).toBe("nosniff");
    }
  });

  test("of a page without entries answers none", async () => {
    const { store, call } = await testServer();
    await fillStore(store);
    const query = { limit: 0 };
    for (const name of ["listRuns", "listCells", "readRows", "readConsole"] as const) {
      const response = await call(name, {
        parameters: run,
        query: { ...query, columns: undefined },
      } as never);
      expect(response.statusCode, `${name}: ${response.body}`).toBe(200);
      expect(fromWireText(response.body)).not.toHaveProperty("next");
    }
  });

  test("with a number that would make a run unreadable is refused", async () => {
    const { store, call } = await testServer();
    await fillStore(store);
    const last = Number.MAX_SAFE_INTEGER;
    const row = { row: last, step: 0, time: 0, values: {} };
    const line = { line: last, stream: "stdout", time: 0, text: "" } as const;
    for (const body of [{ rows: [row] }, { systemRows: [row] }, { console: [line] }]) {
      expect((await call("append", { parameters: run, body })).statusCode).toBe(400);
    }
    const later = { id: "c", ...scope, createdAt: 1e300 };
    expect((await call("createRun", { body: later })).json().error.message).toContain("createdAt");
    expect((await call("listRuns", { query: {} })).statusCode).toBe(200);
  });

  test("of a run that is not there says so", async () => {
    const { call } = await testServer();
    for (const name of Object.keys(routes) as RouteName[]) {
      if (!routes[name].startsWith("GET /api/runs/:runId")) continue;
      const parameters = { runId: "zz", format: "csv", "*": "x" };
      const response = await call(name, { parameters } as unknown as RequestOf<typeof name>);
      expect([name, response.statusCode]).toEqual([name, 404]);
      expect(response.json()).toMatchObject({ error: { code: "not-found" } });
    }
  });
});

test("the description has every call, with the parameters of its path", async () => {
  const { call } = await testServer();
  const { paths } = (await call("describeApi", {})).json() as {
    readonly paths: Record<
      string,
      Record<string, { operationId: string; parameters: { name: string; in: string }[] }>
    >;
  };
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map(({ operationId, parameters }) => {
      const named = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
      expect([path, named]).toEqual([path, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)]);
      return operationId;
    }),
  );
  expect(found.sort()).toEqual(Object.keys(routes).sort());
});

test("numbers that JSON does not know, and texts that look like them, come through", async () => {
  const { store, call } = await testServer();
  await fillStore(store);
  await call("updateRun", { parameters: run, body: { name: "NaN", notes: "Infinity", tags: ["-Infinity"] } });
  const found = fromWireText((await call("getRun", { parameters: run })).body);
  expect(found).toEqual(
    JSON.parse(JSON.stringify({ ...(await store.getRun("a")) }), (key, value) =>
      key === "loss" ? Number.NEGATIVE_INFINITY : value,
    ),
  );
  expect(found).toMatchObject({ name: "NaN", notes: "Infinity", tags: ["-Infinity"] });
});

test("undefined takes a property of a run away", async () => {
  const { store, call } = await testServer();
  await fillStore(store);
  await call("updateRun", { parameters: run, body: { group: "g", error: "broken" } });
  expect(await store.getRun("a")).toMatchObject({ group: "g", error: "broken" });
  await call("updateRun", { parameters: run, body: { group: undefined } });
  expect(await store.getRun("a")).toMatchObject({ group: undefined, error: "broken" });
});

test("series come as a block that keeps every number", async () => {
  const { store, call } = await testServer();
  await fillStore(store);
  const query = { runIds: ["a"], keys: ["loss", "none"] };
  const response = await call("readSeries", { body: query });
  expect(response.headers["content-type"]).toBe("application/vnd.atelier.series");
  expect(decodeSeries(new Uint8Array(response.rawPayload))).toEqual(await store.readSeries(query));
});

test("a history is exported whole, in three formats", async () => {
  const { store, call } = await testServer();
  await fillStore(store);
  const as = (format: string) => call("exportHistory", { parameters: { runId: "a", format } });
  const lines = (await as("jsonl")).body.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { run: "a", row: 0, step: 0, time: 1001, loss: 0.5, word: "hello" },
    { run: "a", row: 1, step: 1, time: 1002.5, loss: "NaN" },
    { run: "a", row: 2, step: 2, time: 1003, loss: "-Infinity" },
  ]);
  const csv = await as("csv");
  expect(csv.body.split("\r\n").slice(0, 2)).toEqual(["run,row,step,time,loss,word", "a,0,0,1001,0.5,hello"]);
  expect(csv.headers["content-disposition"]).toContain('filename="a.csv"');
  expect((await as("parquet")).rawPayload.subarray(0, 4).toString()).toBe("PAR1");
  expect((await as("exe")).statusCode).toBe(400);
});

describe("what is wrong with a call is said", () => {
  test.each([
    ["a query that is no number", "listRuns", { query: { limit: "many" } }, "limit"],
    ["a page without end", "listRuns", { query: { limit: 1e9 } }, "limit"],
    ["a misspelt query", "listRuns", { query: { limt: 1 } }, "limt"],
    ["a filter that makes no sense", "listRuns", { query: { filter: "loss <" } }, "filter"],
    ["a filter as data that is none", "listRuns", { query: { filter: '{"is":1}' } }, "filter"],
    ["a missing query", "listFields", { query: { entity: "e" } }, "project"],
    ["a misspelt change", "updateRun", { parameters: run, body: { nots: "x" } }, "nots"],
    ["a row without a step", "append", { parameters: run, body: { rows: [{ row: 0 }] } }, "rows.0.step"],
    [
      "a value history cannot hold",
      "append",
      { parameters: run, body: { rows: [{ row: 0, step: 0, time: 0, values: { loss: true } }] } },
      "rows.0.values.loss",
    ],
    ["a blob that is no SHA-256", "readBlob", { parameters: { sha256: "../atelier.db" } }, "SHA-256"],
  ] as const)("%s", async (_, name, request, word) => {
    const { store, call } = await testServer();
    await fillStore(store);
    const response = await call(name, request as never);
    expect(response.statusCode, response.body).toBe(400);
    expect(response.json().error.code).toBe("bad-argument");
    expect(response.json().error.message).toContain(word);
  });
});

test("files have safe types, ranges and lasting addresses", async () => {
  const { store, call } = await testServer();
  await fillStore(store);
  const html = await store.blobs.put(Buffer.from("<script>alert(1)</script>"));
  for (const path of ["page.html", "../../x.svg", "a/b.js", "", ".", "~.."])
    await store.putFile("a", { path, ...html });
  const read = (path: string, headers = {}) =>
    call("readFile", { parameters: { runId: "a", "*": path } }, headers);
  expect((await read("pictures/a b.png")).headers["content-type"]).toBe("image/png");
  for (const path of ["page.html", "../../x.svg", "a/b.js", "", ".", "~.."]) {
    const response = await read(path);
    expect([path, response.statusCode, response.body]).toEqual([path, 200, "<script>alert(1)</script>"]);
    expect(response.headers["content-type"]).toBe("application/octet-stream");
    expect(response.headers["content-security-policy"]).toContain("sandbox");
  }
  expect((await read("nothing.png")).statusCode).toBe(404);
  const blob = (range: string) => call("readBlob", { parameters: { sha256: html.sha256 } }, { range });
  const part = await blob("bytes=1-6");
  expect([part.statusCode, part.body, part.headers["content-range"]]).toEqual([
    206,
    "script",
    "bytes 1-6/25",
  ]);
  expect((await blob("bytes=-9")).body).toBe("</script>");
  expect((await blob("bytes=20-99")).body).toBe("ript>");
  expect((await blob("bytes=99-")).statusCode).toBe(416);
  const whole = await blob("items=1-2");
  expect([whole.statusCode, whole.headers["cache-control"]]).toEqual([
    200,
    "private, max-age=31536000, immutable",
  ]);
  const known = await call(
    "readBlob",
    { parameters: { sha256: html.sha256 } },
    { "if-none-match": `"${html.sha256}"` },
  );
  expect([known.statusCode, known.body]).toEqual([304, ""]);
  const head = await call("findBlob", { parameters: { sha256: html.sha256 } });
  expect([head.statusCode, head.headers["content-length"], head.body]).toEqual([200, "25", ""]);
});
