import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { AtelierError } from "@atelier/engine";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { collectFiles } from "./collect-files.ts";
import { type DataFile, type DataSource, verifyFile } from "./data-source.ts";
import { folderSource } from "./folder-source.ts";

const contents: { readonly [name: string]: string } = { one: "first file", two: "second file" };
const files: readonly DataFile[] = Object.entries(contents).map(([name, text]) => ({
  name,
  sizeBytes: text.length,
  sha256: createHash("sha256").update(text).digest("hex"),
}));

/** A source from outside that counts what it is asked for. */
function outside(label: string, has: readonly string[]): DataSource & { readonly asked: string[] } {
  const asked: string[] = [];
  const read = async (file: DataFile) => {
    asked.push(file.name);
    if (!has.includes(file.name)) throw new AtelierError("no-data", `no ${file.name} here`);
    return verifyFile(file, gzipSync(contents[file.name]!), label);
  };
  return { label, kind: "outside", read, asked };
}

const collect = async (sources: readonly DataSource[], cacheFolder: string, more = {}) => {
  const collected = await collectFiles({ title: "Things", files, sources, cacheFolder, ...more });
  return Object.fromEntries([...collected].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]));
};

test("the first source that has a file gives it; later ones are not asked", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "one"), contents.one!);
  await writeFile(join(folder, "two.gz"), gzipSync(contents.two!));
  const web = outside("web", ["one", "two"]);
  expect(await collect([folderSource("folder", "named", [folder]), web], join(folder, "cache"))).toEqual(
    contents,
  );
  expect(web.asked).toEqual([]);
  expect(await readdir(folder)).toEqual(["one", "two.gz"]); // nothing copied from the user's own folder
});

test("what comes from outside is kept unpacked, and only whole files are in the cache", async () => {
  const cache = join(await temporaryFolder(), "deep", "cache");
  const sources = () =>
    [folderSource("the cache", "cache", [cache]), outside("web", ["one", "two"])] as const;
  await collect(sources(), cache);
  expect(await readdir(cache)).toEqual(["one", "two"]);
  expect(await readFile(join(cache, "two"), "utf8")).toBe(contents.two);
  const again = sources();
  expect(await collect(again, cache)).toEqual(contents);
  expect(again[1].asked).toEqual([]);
});

test("a corrupt file in the cache is replaced, a good one beside it is not fetched again", async () => {
  const cache = await temporaryFolder();
  await writeFile(join(cache, "one"), "fir");
  await writeFile(join(cache, "two"), contents.two!);
  const web = outside("web", ["one", "two"]);
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  expect(await collect([folderSource("the cache", "cache", [cache]), web], cache, { onNotice })).toEqual(
    contents,
  );
  expect(web.asked).toEqual(["one"]);
  expect(await readFile(join(cache, "one"), "utf8")).toBe(contents.one);
  expect(notices).toEqual([
    expect.stringMatching(/^Things: the cache: .*one: expected 10 bytes with SHA-256/),
  ]);
});

test("files from several sources are put together; a source is given up at its first failure", async () => {
  const cache = await temporaryFolder();
  const sources = [outside("left", ["two"]), outside("middle", ["one"]), outside("right", ["two"])] as const;
  expect(await collect(sources, cache)).toEqual(contents);
  expect(sources.map(({ asked }) => asked)).toEqual([["one"], ["one", "two"], ["two"]]);
});

test("when nothing works, one error names every source, its reason and where to put the files", async () => {
  const cache = await temporaryFolder();
  const sources = [folderSource("the cache", "cache", [join(cache, "gone")]), outside("web", ["one"])];
  const failure = await collect(sources, cache).catch((error: AtelierError) => error);
  expect(failure).toMatchObject({ code: "no-data" });
  expect((failure as AtelierError).message.split("\n")).toEqual([
    "Things could not be found. Tried:",
    `  - the cache: ${join(cache, "gone")} is not a readable folder`,
    "  - web: no two here",
    `Put one, two (each plain or with .gz) into ${cache}, or give the folder they are in.`,
  ]);
});

test("only a named folder is said to lack something, when the files are found elsewhere", async () => {
  const cache = await temporaryFolder();
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  const sources = [
    folderSource("the folder mine", "named", [join(cache, "mine")]),
    folderSource("the cache", "cache", [cache]),
    outside("web", []),
    outside("other web", ["one", "two"]),
  ];
  expect(await collect(sources, cache, { onNotice })).toEqual(contents);
  expect(notices).toEqual([`Things: the folder mine: ${join(cache, "mine")} is not a readable folder`]);
});

test("a cache that cannot be written is a notice, not a failure", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "in the way");
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  expect(
    await collect([outside("web", ["one", "two"])], join(folder, "file", "cache"), { onNotice }),
  ).toEqual(contents);
  expect(notices).toEqual([expect.stringMatching(/^Things: not kept in the cache: cannot make the folder /)]);
});

test("nothing partial stays when the final name cannot be taken", async () => {
  const cache = await temporaryFolder();
  await mkdir(join(cache, "one", "in the way"), { recursive: true });
  expect(await collect([outside("web", ["one", "two"])], cache)).toEqual(contents);
  expect((await readdir(cache)).sort()).toEqual(["one", "two"]);
});

test("an aborted signal stops the search", async () => {
  const signal = AbortSignal.abort();
  const web = outside("web", ["one", "two"]);
  await expect(collect([web], await temporaryFolder(), { signal })).rejects.toMatchObject({
    code: "stopped",
  });
  expect(web.asked).toEqual([]);
});
