/** What a run was started with: command, machine, versions, and the state of the sources. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus, hostname, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { RunEnvironment } from "../model/run.ts";

/** A larger difference is no state one wants to come back to; its beginning is kept. */
const longestDiff = 1 << 20;
const gitTimeoutMs = 10_000;

/** Looks around in `folder` and in the package of the program that runs. */
export async function readEnvironment(folder: string): Promise<RunEnvironment> {
  const program = process.argv[1];
  const [packages, source] = await Promise.all([
    readPackages(program === undefined ? folder : dirname(program)),
    readSource(folder),
  ]);
  return {
    host: {
      name: hostname(),
      platform: `${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryBytes: totalmem(),
    },
    command: process.argv,
    folder,
    runtime: `node ${process.version}`,
    packages,
    ...source,
  };
}

/** Commit, branch, remote and changes; nothing where there is no git or no repository. */
async function readSource(folder: string): Promise<Pick<RunEnvironment, "git" | "diff">> {
  const git = (...words: readonly string[]) =>
    promisify(execFile)("git", ["-C", folder, ...words], { timeout: gitTimeoutMs, maxBuffer: 64 << 20 }).then(
      ({ stdout }) => stdout,
      () => "",
    );
  const [commit, branch, remote, diff] = await Promise.all([
    git("rev-parse", "HEAD"),
    git("rev-parse", "--abbrev-ref", "HEAD"),
    git("config", "--get", "remote.origin.url"),
    git("diff", "HEAD"),
  ]);
  if (commit === "") return {};
  const known = { branch: branch.trim(), remote: withoutPassword(remote.trim()) };
  return {
    git: {
      commit: commit.trim(),
      ...(known.branch && { branch: known.branch }),
      ...(known.remote && { remote: known.remote }),
    },
    ...(diff && { diff: diff.slice(0, longestDiff) }),
  };
}

function withoutPassword(remote: string): string {
  return remote.replace(/\/\/[^/@]*@/, "//");
}

/** The package that `folder` is in, with its dependencies, by the versions that are installed. */
async function readPackages(folder: string): Promise<Record<string, string>> {
  const own = await nearestPackage(folder);
  if (own === undefined) return {};
  const { name, version, dependencies } = own.content;
  const versions: Record<string, string> = {};
  if (name && version) versions[name] = version;
  for (const dependency of Object.keys(dependencies ?? {}).sort()) {
    const found = await installedVersion(own.folder, dependency);
    if (found !== undefined) versions[dependency] = found;
  }
  return versions;
}

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

async function nearestPackage(
  folder: string,
): Promise<{ readonly folder: string; readonly content: PackageJson } | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const content = await readJson(join(at, "package.json"));
    if (content !== undefined) return { folder: at, content };
    if (dirname(at) === at) return undefined;
  }
}

/** As Node looks for it: in node_modules here and above. */
async function installedVersion(folder: string, name: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const content = await readJson(join(at, "node_modules", name, "package.json"));
    if (content !== undefined) return content.version;
    if (dirname(at) === at) return undefined;
  }
}

async function readJson(path: string): Promise<PackageJson | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as PackageJson);
  } catch {
    return undefined;
  }
}
