/** A Debian package as a source: downloaded and unpacked into a temporary folder, never installed. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { AtelierError } from "@atelier/engine";
import { type DataSource, verifyFile } from "./data-source.ts";

const execFileAsync = promisify(execFile);

/** What package, where its files lie in it, and how long each of the two commands may take. */
export interface DebianPackageOptions {
  readonly packageName: string;
  /** Absolute path the package installs to, e.g. "/usr/share/datasets/fashion-mnist". */
  readonly folder: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs `apt-get download` and `dpkg-deb -x` at the first read, needs neither root nor an installed package. */
export function debianPackageSource(options: DebianPackageOptions): DataSource {
  const label = `apt-get download ${options.packageName}`;
  let unpacked: Promise<ReadonlyMap<string, Uint8Array>> | undefined;
  return {
    label,
    kind: "outside",
    async read(file) {
      unpacked ??= unpack(options);
      const contents = await unpacked;
      const bytes = contents.get(file.name) ?? contents.get(`${file.name}.gz`);
      if (!bytes)
        throw new AtelierError("bad-file", `the package has no ${file.name}.gz in ${options.folder}`);
      return verifyFile(file, bytes, `${options.packageName}:${file.name}`);
    },
  };
}

/** The files of the package's folder by name, as they are in it. */
async function unpack(options: DebianPackageOptions): Promise<ReadonlyMap<string, Uint8Array>> {
  const work = await mkdtemp(join(tmpdir(), "atelier-debian-"));
  try {
    await runCommand("apt-get", ["download", options.packageName], work, options);
    const archive = (await readdir(work)).find((name) => name.endsWith(".deb"));
    if (!archive) throw new AtelierError("no-data", "apt-get downloaded no package");
    await runCommand("dpkg-deb", ["-x", archive, "unpacked"], work, options);
    const folder = join(work, "unpacked", options.folder);
    const names = await readdir(folder).catch(() => []);
    const entries = names.map(async (name) => [basename(name), await readFile(join(folder, name))] as const);
    return new Map(await Promise.all(entries));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runCommand(
  command: string,
  args: readonly string[],
  cwd: string,
  { timeoutMs = 120_000, signal }: DebianPackageOptions,
): Promise<void> {
  try {
    await execFileAsync(command, args, { cwd, timeout: timeoutMs, ...(signal && { signal }) });
  } catch (cause) {
    if (signal?.aborted) throw new AtelierError("stopped", `${command} stopped`, { cause });
    throw new AtelierError("no-data", reasonOf(command, timeoutMs, cause), { cause });
  }
}

function reasonOf(command: string, timeoutMs: number, cause: unknown): string {
  const failure = cause as { code?: string | number; killed?: boolean; stderr?: string };
  if (failure.code === "ENOENT") return `there is no ${command} on this machine`;
  if (failure.killed) return `${command} took longer than ${timeoutMs / 1000} s`;
  const lastLine = failure.stderr?.trim().split("\n").at(-1);
  return lastLine ? `${command}: ${lastLine}` : `${command} ended with code ${failure.code}`;
}
