import { describe, expect, test } from "vitest";
import { fillStore, testServer } from "../../test/test-server.ts";
import { apiPath, type RouteName, routes } from "../api/index.ts";
import { hashAccessKey, newAccessKey } from "./access-key.ts";

const run = { runId: "a" };

describe("without a key", () => {
  test.each(["localhost:6006", "127.0.0.1", "127.9.9.9:1", "[::1]:6006", "LOCALHOST"])(
    "%s is this machine",
    async (host) => {
      const { call } = await testServer();
      expect((await call("listProjects", {}, { host })).statusCode).toBe(200);
    },
  );
  test.each([
    "evil.example",
    "localhost.evil.example:6006",
    "127.0.0.1.evil.example",
    "10.0.0.7:6006",
    "localhost@evil",
  ])("%s is not", async (host) => {
    const { call } = await testServer();
    const response = await call("listProjects", {}, { host });
    expect(response.statusCode).toBe(403);
    expect(response.json().error.code).toBe("refused");
  });
  test("pages of other sites may not write, and nobody may read them from there", async () => {
    const { store, call } = await testServer();
    await fillStore(store);
    const change = (headers: Record<string, string>) =>
      call("updateRun", { parameters: run, body: { notes: "changed" } }, headers);
    const foreign = [
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: "http://localhost:6007" }, // another program on this machine
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: "http://localhost:6006" },
    ];
    for (const headers of foreign)
      expect([headers, (await change(headers)).statusCode]).toEqual([headers, 403]);
    expect((await store.getRun("a")).notes).toBe("");
    expect(
      (await change({ origin: "http://localhost:6006", "sec-fetch-site": "same-origin" })).statusCode,
    ).toBe(200);
    expect((await change({ origin: "http://localhost:6006" })).statusCode).toBe(200);
    const read = await call("getRun", { parameters: run }, { origin: "http://evil.example" });
    expect(read.headers["access-control-allow-origin"]).toBeUndefined();
    expect(read.headers["cross-origin-resource-policy"]).toBe("same-origin");
  });
  test("a body is JSON by name, or is not read", async () => {
    const { server, store } = await testServer();
    await fillStore(store);
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ]) {
      const response = await server.inject({
        method: "PATCH",
        url: "/api/runs/a",
        headers: { host: "localhost", "content-type": type },
        payload: '{"notes":"changed"}',
      });
      expect([type, response.statusCode]).toEqual([type, 400]);
    }
    expect((await store.getRun("a")).notes).toBe("");
  });
});

describe("with a key", () => {
  test("every call wants it, by bearer or by cookie, from anywhere", async () => {
    const key = newAccessKey();
    const { store, call, server } = await testServer({ keyHash: await hashAccessKey(key) });
    await fillStore(store);
    const open: readonly RouteName[] = ["readSession", "openSession", "closeSession"];
    for (const name of Object.keys(routes) as RouteName[]) {
      if (open.includes(name)) continue;
      const [method] = routes[name].split(" ") as ["GET"];
      const parameters = {
        runId: "a",
        sha256: "0".repeat(64),
        name: "n",
        alias: "v0",
        part: "p",
        index: "1",
        format: "csv",
        "*": "x",
      };
      const url = apiPath(name, { parameters } as never);
      const response = await server.inject({ method, url, headers: { host: "studio:6006" } });
      expect([name, response.statusCode]).toEqual([name, 401]);
    }
    const from = (headers: Record<string, string>) =>
      call("getRun", { parameters: run }, { host: "studio:6006", ...headers });
    for (const wrong of ["", "x", `${key}x`, key.slice(1)]) {
      expect((await from({ authorization: `Bearer ${wrong}` })).statusCode).toBe(401);
      expect((await from({ cookie: `atelier_key=${wrong}` })).statusCode).toBe(401);
    }
    expect((await from({ cookie: "atelier_key=%" })).statusCode).toBe(401);
    expect((await from({ authorization: `Bearer ${key}` })).statusCode).toBe(200);

    expect((await call("readSession", {})).json()).toMatchObject({ needsKey: true, isOpen: false });
    expect((await call("openSession", { body: { key: "wrong" } })).statusCode).toBe(401);
    const opened = await call("openSession", { body: { key } });
    const cookie = String(opened.headers["set-cookie"]);
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const sent = cookie.split(";")[0]!;
    expect((await from({ cookie: `other=1; ${sent}` })).statusCode).toBe(200);
    expect((await call("readSession", {}, { cookie: sent })).json()).toMatchObject({ isOpen: true });
    const foreign = await call(
      "updateRun",
      { parameters: run, body: { notes: "x" } },
      { cookie: sent, origin: "http://evil" },
    );
    expect(foreign.statusCode).toBe(403);
    expect(String((await call("closeSession", {})).headers["set-cookie"])).toContain("Max-Age=0");
  });
});
