/** A server over a new store, called without a socket; and a store with a run that has some of everything. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { onTestFinished } from "vitest";
import { apiPath, type RequestOf, type RouteName, routes, toWireBody } from "../src/api/index.ts";
import { encodePredictions, predictionsOf } from "../src/model/evaluation.ts";
import { createServer, type ServerOptions } from "../src/server/create-server.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import type { Store } from "../src/store/store.ts";

export interface TestServer {
  readonly store: Store;
  readonly server: FastifyInstance;
  /** One call through the front door, as a browser on this machine makes it. */
  readonly call: <N extends RouteName>(
    name: N,
    request: RequestOf<N>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<LightMyRequestResponse>;
}

export async function testServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "atelier-server-"));
  const store = openSqliteStore({ folder });
  const server = createServer({ store, version: "0.0.0", ...options });
  onTestFinished(async () => {
    await server.close();
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  return {
    store,
    server,
    call: (name, request, headers = {}) => {
      const { body } = request as { readonly body?: unknown };
      return server.inject({
        method: routes[name].split(" ")[0] as "GET",
        url: apiPath(name, request),
        headers: {
          host: "localhost:6006",
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { payload: toWireBody(body) }),
      });
    },
  };
}

export const scope = { entity: "local", project: "shoes" };

/** Makes run `a` with rows, lines, a file, an artifact and an evaluation. */
export async function fillStore(store: Store): Promise<void> {
  await store.createRun({
    id: "a",
    name: "first",
    ...scope,
    createdAt: 1000,
    config: { optimizer: { kind: "adam" }, rate: 0.1 },
    dataset: { name: "fashion-mnist", checksum: "c" },
    environment: { command: ["atelier", "train"], packages: { node: "26" } },
  });
  await store.append("a", {
    rows: [
      { row: 0, step: 0, time: 1001, values: { loss: 0.5, word: "hello" } },
      { row: 1, step: 1, time: 1002.5, values: { loss: Number.NaN } },
      { row: 2, step: 2, time: 1003, values: { loss: Number.NEGATIVE_INFINITY } },
    ],
    systemRows: [{ row: 0, step: 0, time: 1001, values: { cpu: 50 } }],
    console: [{ line: 0, stream: "stdout", time: 1001, text: "epoch 1" }],
    update: { summary: { loss: Number.NEGATIVE_INFINITY, best: 0.5 } },
  });
  const image = await store.blobs.put(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10));
  await store.putFile("a", { path: "pictures/a b.png", ...image });
  await store.createArtifact("a", {
    type: "model",
    name: "net",
    files: [{ path: "w", ...image }],
    createdAt: 2000,
  });
  const predictions = await store.blobs.put(encodePredictions(predictionsOf([0.2, 0.8], [1])));
  await store.putEvaluation({
    runId: "a",
    data: "fashion-mnist",
    part: "test",
    dataChecksum: "t",
    classNames: ["x", "y"],
    imageCount: 1,
    metrics: { loss: Number.NaN, accuracy: 1 },
    confusion: [
      [0, 0],
      [0, 1],
    ],
    predictions,
    createdAt: 3000,
  });
}
