import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeContract } from "../../../test/store-contract.ts";
import { type OpenServer, openServer } from "../../server/open-server.ts";
import { openSqliteStore } from "../sqlite/sqlite-store.ts";
import type { Store } from "../store.ts";
import { openHttpStore } from "./http-store.ts";

storeContract("http", async () => {
  const folder = await mkdtemp(join(tmpdir(), "atelier-http-store-"));
  const clock = { now: 0 };
  let server: (OpenServer & { readonly store: Store }) | undefined;
  const close = async () => {
    await server?.[Symbol.asyncDispose]();
    await server?.store[Symbol.asyncDispose]();
  };
  return {
    clock,
    open: async () => {
      await close();
      const store = openSqliteStore({ folder, now: () => clock.now });
      server = { ...(await openServer({ store, port: 0, version: "0.0.0" })), store };
      return openHttpStore({ url: server.url });
    },
    remove: async () => {
      await close();
      await rm(folder, { recursive: true });
    },
  };
});
