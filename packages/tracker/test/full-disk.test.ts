/** A disk without room, and one that may not be written: the program goes on, and nothing is lost. */
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSqliteStore, openStoreWorker, openTracker, type Run } from "../src/index.ts";
import { storeFolder } from "./store-folder.ts";

const noMount = reasonAgainstMounts();

/** A small file system of its own in `folder`. */
function mountSmall(folder: string): Disposable {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
  return { [Symbol.dispose]: () => execFileSync("umount", ["-l", folder]) };
}

function reasonAgainstMounts(): string | undefined {
  if (process.getuid?.() !== 0) return "mounting a small file system needs root";
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", "/mnt"], { stdio: "ignore" });
    execFileSync("umount", ["/mnt"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "this machine lets nobody mount a file system";
  }
}

const quiet = { captureConsole: false, systemEveryMs: 0 } as const;

describe.skipIf(noMount !== undefined)(
  `a store on a disk without room${noMount ? ` (skipped: ${noMount})` : ""}`,
  () => {
    test("takes again what it refused once there is room, and the user is told once", async () => {
      await using folder = await storeFolder();
      using _disk = mountSmall(folder.path);
      const messages: string[] = [];
      await using tracker = await openTracker({
        folder: folder.path,
        onMessage: (message) => messages.push(message),
      });
      const run = await tracker.startRun({ project: "full", ...quiet });
      run.log({ loss: 0 });
      await run.flush();
      const filler = join(folder.path, "filler");
      await writeFile(filler, Buffer.alloc(4 << 20)).catch(() => {}); // as much as fits
      for (let i = 1; i < 3000; i++) run.log({ loss: i, text: "x".repeat(100) });
      await expect(run.flush()).rejects.toMatchObject({ code: "cannot-write" });
      await expect(run.flush()).rejects.toMatchObject({ code: "cannot-write" });
      expect(messages).toHaveLength(1);
      expect(messages[0]).toContain("the disk is full");
      run.log({ loss: 3000 }); // goes on
      await rm(filler);
      await run.flush();
      expect(messages).toHaveLength(2);
      const { rows } = await tracker.store.readRows({ runId: run.id, limit: 5000 });
      expect(rows.map(({ values }) => values.loss)).toEqual(Array.from({ length: 3001 }, (_, i) => i));
      await run.finish();
    });

    test("full to the end, gets the rest from the next program that opens it", async () => {
      await using folder = await storeFolder();
      using _disk = mountSmall(folder.path);
      const messages: string[] = [];
      const onMessage = (message: string) => messages.push(message);
      const filler = join(folder.path, "filler");
      let id = "";
      {
        await using tracker = await openTracker({ folder: folder.path, onMessage });
        const run = await tracker.startRun({ project: "full", ...quiet });
        id = run.id;
        await writeFile(filler, Buffer.alloc(4 << 20)).catch(() => {});
        for (let i = 0; i < 3000; i++) run.log({ loss: Number.NaN, text: "x".repeat(100) });
        await run.finish({ state: "failed", error: "diverged" });
      }
      expect(messages).toHaveLength(2);
      expect(messages[1]).toContain("is recorded when the store is next opened");
      await rm(filler);
      await using tracker = await openTracker({ folder: folder.path, onMessage });
      expect(await tracker.store.getRun(id)).toMatchObject({
        state: "failed",
        error: "diverged",
        summary: { loss: Number.NaN },
        next: { row: 3000 },
      });
      expect((await tracker.store.readRows({ runId: id, limit: 5000 })).rows.length).toBe(3000);
    });

    test("that is read-only can be read, by whoever asks for no more", async () => {
      await using folder = await storeFolder();
      using _disk = mountSmall(folder.path);
      {
        await using tracker = await openTracker({ folder: folder.path });
        const run = await tracker.startRun({ project: "kept", ...quiet });
        run.log({ loss: 1 });
        await run.finish();
      }
      execFileSync("mount", ["-o", "remount,ro", folder.path]);
      for (const open of [
        async (onReadOnly: () => void) => openSqliteStore({ folder: folder.path, onReadOnly }),
        (onReadOnly: () => void) => openStoreWorker(folder.path, { onReadOnly }),
      ]) {
        let told = 0;
        await using store = await open(() => told++);
        const { runs } = await store.listRuns({});
        expect([told, runs.map(({ state, next }) => [state, next.row])]).toEqual([1, [["finished", 1]]]);
        const [{ id }] = runs as [Run];
        const [series] = await store.readSeries({ runIds: [id], keys: ["loss"] });
        expect([...series!.y]).toEqual([1]);
        await expect(store.updateRun(id, { notes: "x" })).rejects.toMatchObject({ code: "cannot-write" });
        await expect(store.blobs.put(new Uint8Array(1))).rejects.toMatchObject({ code: "cannot-write" });
      }
    });

    test("that is read-only is read with what a killed process left beside the file", async () => {
      await using folder = await storeFolder();
      using _disk = mountSmall(folder.path);
      const store = openSqliteStore({ folder: folder.path });
      await store.createRun({ id: "a", entity: "e", project: "p", createdAt: 0 });
      const left = join(folder.path, "left");
      await mkdir(left);
      for (const name of ["atelier.db", "atelier.db-wal", "atelier.db-shm"])
        await copyFile(join(folder.path, name), join(left, name));
      await store[Symbol.asyncDispose]();
      execFileSync("mount", ["-o", "remount,ro", folder.path]);
      await using reader = openSqliteStore({ folder: left, onReadOnly: () => {} });
      expect((await reader.listRuns({})).total).toBe(1);
    });

    test("that is read-only is refused with a sentence", async () => {
      await using folder = await storeFolder();
      using _disk = mountSmall(folder.path);
      await (await openTracker({ folder: folder.path }))[Symbol.asyncDispose]();
      execFileSync("mount", ["-o", "remount,ro", folder.path]);
      await expect(openTracker({ folder: folder.path })).rejects.toMatchObject({ code: "cannot-write" });
      const below = join(folder.path, "new");
      await expect(openTracker({ folder: below })).rejects.toThrow(`${below}: the folder cannot be made`);
    });
  },
);
