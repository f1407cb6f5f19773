import { createHash } from "node:crypto";
import { chmod, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { debianPackageSource } from "./debian-package-source.ts";

const text = "numbers\n";
const file = {
  name: "numbers",
  sizeBytes: text.length,
  sha256: createHash("sha256").update(text).digest("hex"),
};
const options = { packageName: "some-data", folder: "/usr/share/some-data" };

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Puts programs of these bodies first on PATH for the running test. */
async function withPrograms(programs: { readonly [name: string]: string }): Promise<void> {
  const folder = await temporaryFolder();
  for (const [name, body] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`);
    await chmod(join(folder, name), 0o755);
  }
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
}

const leftovers = async () => (await readdir(tmpdir())).filter((name) => name.startsWith("atelier-debian-"));

test("the package is downloaded and unpacked, and nothing of it stays", async () => {
  const before = await leftovers();
  await withPrograms({
    "apt-get": '[ "$1 $2" = "download some-data" ] && echo archive > some-data_1.deb',
    "dpkg-deb": `[ "$1" = -x ] && [ -f "$2" ] && mkdir -p "$3${options.folder}" && echo numbers > "$3${options.folder}/numbers"`,
  });
  const source = debianPackageSource(options);
  expect(Buffer.from(await source.read(file)).toString()).toBe(text);
  await expect(source.read({ ...file, name: "letters" })).rejects.toThrow("the package has no letters.gz");
  expect(await leftovers()).toEqual(before);
});

test.each([
  [
    "an unknown package",
    "echo 'E: Unable to locate package some-data' >&2; exit 100",
    "apt-get: E: Unable to locate",
  ],
  ["no package after all", "true", "apt-get downloaded no package"],
  ["a silent failure", "exit 3", "apt-get ended with code 3"],
  ["no answer", "exec sleep 20", "apt-get took longer than 0.3 s"],
])("%s is the reason given", async (_, body, message) => {
  const before = await leftovers();
  await withPrograms({ "apt-get": body });
  await expect(debianPackageSource({ ...options, timeoutMs: 300 }).read(file)).rejects.toThrow(message);
  expect(await leftovers()).toEqual(before);
});

test("a machine without apt-get says so", async () => {
  vi.stubEnv("PATH", await temporaryFolder());
  await expect(debianPackageSource(options).read(file)).rejects.toThrow(
    "there is no apt-get on this machine",
  );
});

test("aborting stops the commands", async () => {
  await withPrograms({ "apt-get": "exec sleep 20" });
  const signal = AbortSignal.timeout(100);
  await expect(debianPackageSource({ ...options, signal }).read(file)).rejects.toMatchObject({
    code: "stopped",
  });
});
