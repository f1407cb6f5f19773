import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeContract } from "../../../test/store-contract.ts";
import { openSqliteStore } from "./sqlite-store.ts";

storeContract("sqlite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "atelier-store-"));
  const clock = { now: 0 };
  return {
    clock,
    open: async () => openSqliteStore({ folder, now: () => clock.now }),
    remove: () => rm(folder, { recursive: true }),
  };
});
