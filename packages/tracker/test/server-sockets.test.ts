/** The server over real sockets: what inject cannot show. */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ApiFailure, apiClient, apiPath, decodePathPart, encodePathPart } from "../src/api/index.ts";
import { hashAccessKey, newAccessKey } from "../src/server/access-key.ts";
import { type OpenServerOptions, openServer } from "../src/server/open-server.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import type { Changes } from "../src/store/store.ts";
import { runProgram } from "./processes/run-process.ts";
import { fillStore, scope } from "./test-server.ts";

async function opened(options: Partial<OpenServerOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "atelier-sockets-"));
  const store = openSqliteStore({ folder });
  const server = await openServer({ store, port: 0, version: "0.0.0", ...options });
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  return { folder, store, server, ...apiClient({ url: server.url }) };
}

/** The events of a stream, one by one. */
async function* eventsOf({
  body,
}: Response): AsyncGenerator<{ readonly id: number; readonly changes: Changes }> {
  let text = "";
  for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (field("event") === "changes")
        yield { id: Number(field("id")), changes: JSON.parse(field("data")!) };
    }
  }
}

const row = (number: number) => ({ row: number, step: number, time: 5, values: { loss: number } });

describe("the live stream", () => {
  test("tells every listener each change once, and goes on where one left off", async () => {
    const { store, send } = await opened();
    await store.createRun({ id: "a", ...scope, createdAt: 5 });
    const [one, two] = await Promise.all([1, 2].map(() => send("followChanges", { query: {} })));
    const [first, second] = [eventsOf(one!), eventsOf(two!)];
    const start = (await first.next()).value!;
    expect(start.changes.runs).toEqual([]);
    await second.next();

    await store.append("a", { rows: [row(0)] });
    const news = (await first.next()).value!;
    expect(news.changes.runs).toEqual([{ runId: "a", ...scope, kinds: ["history"] }]);
    expect((await second.next()).value!).toEqual(news);
    await first.return(undefined);

    await store.append("a", { rows: [row(1)] });
    await store.append("a", { rows: [row(2)] });
    await second.next();
    const headers = { "last-event-id": String(news.id) };
    const resumed = eventsOf(await send("followChanges", { query: {} }, { headers }));
    const missed = (await resumed.next()).value!;
    expect(missed.changes.runs).toEqual([{ runId: "a", ...scope, kinds: ["history"] }]);
    const { rows } = await store.readRows({ runId: "a", changedAfter: news.id });
    expect(rows).toEqual([row(1), row(2)]);
    for (const stream of [second, resumed]) await stream.return(undefined);
  });

  test("ends when the server does, and does not hold it up", async () => {
    const { send, server } = await opened();
    const events = eventsOf(await send("followChanges", { query: {} }));
    await events.next();
    await server[Symbol.asyncDispose]();
    expect((await events.next().catch(() => ({ done: true }))).done).toBe(true);
  });
});

test("two listeners learn of every row that ten programs log, half of them through the server", async () => {
  const { folder, server, send, call } = await opened();
  const ids = Array.from({ length: 10 }, (_, i) => `writer ${i}`);
  const rowCount = 200;
  const listen = async () => {
    const seen = new Map(ids.map((id) => [id, new Set<number>()]));
    const isComplete = () => [...seen.values()].every(({ size }) => size === rowCount);
    const answer = await send("followChanges", { query: { cursor: 0 } });
    let changedAfter = 0;
    for await (const { id, changes } of eventsOf(answer)) {
      for (const { runId } of changes.runs) {
        const { rows } = await call("readRows", { parameters: { runId }, query: { changedAfter } });
        for (const row of rows) seen.get(runId)!.add(row.values.row as number);
      }
      changedAfter = id;
      if (isComplete()) return;
    }
  };
  const listeners = [listen(), listen()];
  const programs = ids.map((id, i) =>
    runProgram("log-rows.ts", [i % 2 === 0 ? folder : server.url, id, String(rowCount)]),
  );
  for (const { exitCode, stderr } of await Promise.all(programs)) expect([exitCode, stderr]).toEqual([0, ""]);
  await Promise.all(listeners);
}, 60_000);

test("large files go both ways in pieces, and only under their own hash", async () => {
  const { store, send, server } = await opened();
  const bytes = randomBytes(9_000_000);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const put = (name: string) =>
    fetch(`${server.url}${apiPath("putBlob", { parameters: { sha256: name } })}`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
    });
  expect((await put("0".repeat(64))).status).toBe(400);
  expect(await store.blobs.find("0".repeat(64))).toBeUndefined();
  expect(await (await put(sha256)).json()).toEqual({ sha256, sizeBytes: bytes.length });
  const headers = { range: "bytes=1000000-1999999" };
  const part = await send("readBlob", { parameters: { sha256 } }, { headers });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1_000_000, 2_000_000))).toBe(true);
});

test("a file that is too large is refused, whether it says so or not, and leaves nothing", async () => {
  const { send, server, folder } = await opened({ largestUploadBytes: 1000 });
  const bytes = randomBytes(1001);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  for (const body of [bytes, new Blob([bytes]).stream()]) {
    const sent = send("putBlob", { parameters: { sha256 } }, {
      headers: { "content-type": "application/octet-stream" },
      body,
      duplex: "half",
    } as RequestInit);
    await expect(sent).rejects.toMatchObject({ code: "too-large" });
  }
  expect(await readdir(join(folder, "blobs")).catch(() => [])).toEqual([]);
  expect((await fetch(`${server.url}/api/projects`)).status).toBe(200);
});

test("bytes that stop coming are not kept, and are no failure of the server", async () => {
  const failures: unknown[] = [];
  const { server, store } = await opened({ onError: (error) => failures.push(error) });
  const sha256 = createHash("sha256").update("hello").digest("hex");
  const socket = connect(server.port, "127.0.0.1");
  socket.write(
    `PUT /api/blobs/${sha256} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/octet-stream\r\ncontent-length: 5\r\n\r\nhel`,
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  const { call } = apiClient({ url: server.url });
  expect(await call("listProjects")).toEqual([]);
  expect(await store.blobs.find(sha256)).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 100)); // until it would have been told
  expect(failures).toEqual([]);
});

test("a body that stands still holds up no end of the server", async () => {
  const { server } = await opened();
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {}); // it is cut off
  socket.write("POST /api/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
  socket.write("content-length: 100\r\n\r\n{");
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server[Symbol.asyncDispose]();
  socket.destroy();
});

test("a body that is too large is refused", async () => {
  const { server } = await opened();
  const response = await fetch(`${server.url}/api/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: new Uint8Array(65 * 2 ** 20),
  }).catch(() => undefined); // the server may hang up before all is sent
  if (response)
    expect([response.status, ((await response.json()) as ApiFailure).error.code]).toEqual([413, "too-large"]);
});

test("addresses of others are not listened on without a key", async () => {
  await expect(opened({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "bad-argument" });
  const key = newAccessKey();
  const { server } = await opened({ host: "0.0.0.0", keyHash: await hashAccessKey(key) });
  expect((await apiClient({ url: server.url, key }).call("readSession")).isOpen).toBe(true);
});

test("any names reach the store as they are, and paths lead nowhere else", async () => {
  const { store, call, server, folder } = await opened();
  await fillStore(store);
  const odd = fc.oneof(
    fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
    fc.constantFrom(
      "",
      ".",
      "..",
      "~",
      "~..",
      "../../atelier.db",
      "..%2f..%2fatelier.db",
      "a/b",
      "a\\b",
      "%00",
      "\u0000",
      "?x#y",
    ),
  );
  const blob = await store.blobs.put(Uint8Array.of(1, 2, 3));
  await fc.assert(
    fc.asyncProperty(odd, odd, async (id, path) => {
      expect(decodePathPart(decodeURIComponent(encodePathPart(id)))).toBe(id);
      await store.createRun({ id, ...scope, createdAt: 5 }).catch(() => {}); // drawn before
      expect((await call("getRun", { parameters: { runId: id } })).id).toBe((await store.getRun(id)).id);
      await store.putFile(id, { path, ...blob });
      expect(await call("readFile", { parameters: { runId: id, "*": path } })).toEqual(
        Uint8Array.of(1, 2, 3),
      );
    }),
    { seed: 4, numRuns: 150 },
  );
  await writeFile(join(folder, "secret"), "secret");
  for (const path of [
    "/api/blobs/../secret",
    "/api/blobs/..%2fsecret",
    "/api/runs/a/files/content/../../../../secret",
    "//secret",
    "/%2e%2e/secret",
  ]) {
    const response = await fetch(`${server.url}${path}`);
    expect(await response.text()).not.toBe("secret");
    expect(response.status).toBeGreaterThanOrEqual(400);
  }
});

describe("pages", () => {
  test("are the files of their folder, and the index for every other address", async () => {
    const parent = await mkdtemp(join(tmpdir(), "atelier-pages-"));
    onTestFinished(() => rm(parent, { recursive: true }));
    const pages = join(parent, "dist");
    const { server } = await opened({ pages });
    const get = (path: string) => fetch(`${server.url}${path}`);
    const early = await get("/");
    expect([early.status, await early.text()]).toEqual([
      503,
      expect.stringContaining("npm run build:dashboard"),
    ]);
    await mkdir(join(pages, "assets"), { recursive: true });
    await writeFile(join(pages, "index.html"), "<!doctype html>index");
    await writeFile(join(pages, "assets", "page-a1B2c3D4.js"), "1");
    await writeFile(join(parent, "secret"), "secret");
    for (const path of ["/", "/runs/a.b?x=1", "/%2e%2e/secret", "/..%2fsecret"]) {
      const response = await get(path);
      expect([path, response.status, await response.text()]).toEqual([path, 200, "<!doctype html>index"]);
      expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(response.headers.get("cache-control")).toBe("no-cache");
    }
    const script = await get("/assets/page-a1B2c3D4.js");
    expect(script.headers.get("content-type")).toContain("text/javascript");
    expect(script.headers.get("cache-control")).toContain("immutable");
    expect((await get("/assets/page-gone0000.js")).status).toBe(404);
    expect((await get("/api/none")).status).toBe(404);
    expect((await (await get("/%")).json()) as unknown).toMatchObject({ error: { code: "bad-argument" } });
    expect((await fetch(server.url, { method: "POST" })).status).toBe(404);
  });
});

describe("what is wrong with a request is said in a sentence, in one form", () => {
  const deep = `{"id":"b","entity":"e","project":"p","createdAt":1,"config":{"a":${"[".repeat(9000)}${"]".repeat(9000)}}}`;
  const numberTexts = `{"config":${'{"a":'.repeat(5000)}"NaN"${"}".repeat(5000)}}`;
  test.each([
    ["GET", "/api/runs?limit=x", undefined, 'GET /api/runs: limit: expected a number, got "x".'],
    ["GET", "/api/runs?limit=-1", undefined, 'limit: expected a number ≥ 0, got "-1".'],
    ["GET", "/api/runs?direction=up", undefined, 'direction: expected one of "asc", "desc", got "up".'],
    ["GET", "/api/runs?nmae=x", undefined, 'expected only properties that are known here, got "nmae".'],
    ["GET", "/api/fields", undefined, "entity: expected a text, got nothing."],
    ["PATCH", "/api/runs/a", '{"tags":"x"}', 'tags: expected a list, got "x".'],
    ["PATCH", "/api/runs/a", '{"config":[1]}', "config: expected an object, got a list."],
    [
      "POST",
      "/api/runs/a/append",
      '{"rows":[{"row":0,"step":0,"time":1,"values":{"x":{"type":"image","sha256":"z"}}}]}',
      'rows.0.values.x.sha256: expected a SHA-256 in 64 hexadecimal digits, got "z".',
    ],
    ["POST", "/api/runs", deep, "the body has more than 200 lists and objects in one another."],
    ["PATCH", "/api/runs/a", numberTexts, "the body has more than 200 lists and objects in one another."],
    ["PATCH", "/api/runs/a", '{"notes":"[[[\\"[["}', ""],
  ])("%s %s %#", async (method, path, body, sentence) => {
    const { server, store } = await opened();
    await store.createRun({ id: "a", ...scope, createdAt: 1 });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${server.url}${path}`, { method, ...(body && { body, headers }) });
    const answer = (await response.json()) as ApiFailure;
    expect([response.status, answer.error?.message ?? ""]).toEqual([
      sentence === "" ? 200 : 400,
      expect.stringContaining(sentence),
    ]);
    if (sentence !== "") expect(Object.keys(answer)).toEqual(["error"]);
  });

  test("also where it never becomes a call", async () => {
    const { server } = await opened();
    const send = async (text: string) => {
      const socket = connect(server.port, "127.0.0.1");
      socket.write(text);
      const answer = Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>)).toString();
      const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
      return [Number(answer.split(" ")[1]), JSON.parse(body) as ApiFailure] as const;
    };
    const failure = (code: string, message: string) => ({ error: { code, message } });
    expect(await send("NONSENSE\r\n\r\n")).toEqual([
      400,
      failure("bad-argument", "expected an HTTP request, got something else."),
    ]);
    expect(await send(`GET /api/runs?${"x".repeat(140_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`)).toEqual([
      431,
      failure("too-large", "the address and headers have more than 128 KiB."),
    ]);
    const head = `POST /api/runs HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${2 ** 30}\r\n`;
    expect(await send(`${head}content-type: application/json\r\n\r\n`)).toEqual([
      413,
      failure("too-large", "Request body is too large. Send less at once."),
    ]);
    expect(await send(`${head}content-type: text/xml\r\n\r\n`)).toEqual([
      400,
      failure("bad-argument", "expected a body of the content type application/json."),
    ]);
  });
});
