import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeSafetensors } from "./safetensors.ts";
import { writeFileAtomic } from "./write-file-atomic.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "atelier-write-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Overwrites one file for ever with tensors whose 200,000 values all equal the round's number. */
const overwriteForEver = `
  import { encodeSafetensors } from ${JSON.stringify(new URL("./safetensors.ts", import.meta.url).href)};
  import { writeFileAtomic } from ${JSON.stringify(new URL("./write-file-atomic.ts", import.meta.url).href)};
  for (let round = 1; ; round++) {
    const data = new Float32Array(200_000).fill(round);
    const bytes = encodeSafetensors({ tensors: new Map([["w", { shape: [data.length], data }]]), metadata: {} });
    await writeFileAtomic(process.argv[1], bytes);
    if (round === 1) console.log("started");
  }`;

describe("writeFileAtomic", () => {
  it("creates and replaces a file and leaves nothing else", async () => {
    const path = join(folder, "a.bin");
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    await writeFileAtomic(path, Uint8Array.of(4));
    expect([...readFileSync(path)]).toEqual([4]);
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });

  it("lets concurrent writers of one file each write it whole", async () => {
    const path = join(folder, "a.bin");
    await Promise.all(
      [1, 2, 3, 4].map((value) => writeFileAtomic(path, new Uint8Array(100_000).fill(value))),
    );
    const bytes = readFileSync(path);
    expect(bytes.length).toBe(100_000);
    expect(new Set(bytes).size).toBe(1);
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });

  it("says why it cannot write, and leaves no temporary file", async () => {
    mkdirSync(join(folder, "taken"));
    writeFileSync(join(folder, "file"), "kept");
    const write = (...parts: string[]) => writeFileAtomic(join(folder, ...parts), Uint8Array.of(1));
    await expect(write("absent", "a.bin")).rejects.toMatchObject({
      code: "cannot-write",
      message: expect.stringMatching(
        /absent\/a\.bin: its folder does not exist; an earlier file of that name is/,
      ),
    });
    await expect(write("taken")).rejects.toMatchObject({ code: "cannot-write" });
    symlinkSync("/dev/null", join(folder, "device"));
    await expect(write("device")).rejects.toMatchObject({
      message: expect.stringContaining("a device or a pipe"),
    });
    rmSync(join(folder, "device"));
    await expect(write("file", "a.bin")).rejects.toMatchObject({ code: "cannot-write" });
    expect(readdirSync(folder).sort()).toEqual(["file", "taken"]);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("kept");
  });

  it("leaves a whole file when the writer is killed", { timeout: 60_000 }, async () => {
    const path = join(folder, "weights.safetensors");
    for (let kill = 0; kill < 8; kill++) {
      const child = spawn(process.execPath, ["--input-type=module", "--eval", overwriteForEver, path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      await wait(5 + kill * 3);
      child.kill("SIGKILL");
      await once(child, "exit");
      const { data } = decodeSafetensors(readFileSync(path), path).tensors.get("w")!;
      expect(data.length).toBe(200_000);
      expect(new Set(data).size).toBe(1);
    }
  });
});
