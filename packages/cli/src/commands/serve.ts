/** `atelier serve`: the dashboard and the API for others, who need an access key. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "@atelier/engine";
import { TrackerError } from "@atelier/tracker";
import { hashAccessKey, keyChecker, newAccessKey } from "@atelier/tracker/server";
import { type Command, Option } from "commander";
import { debugOption, jsonOption, portOption } from "../arguments.ts";
import { type Effects, say } from "../effects.ts";
import { serveStore } from "../serving/serve-store.ts";
import { storeFolder } from "../tracking/run-store.ts";

export interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
  readonly newKey?: boolean;
  readonly json?: boolean;
}

export function declareServe(program: Command, effects: Effects): void {
  program
    .command("serve")
    .summary("serve the dashboard and the API to others, by access key")
    .description(
      "Serves the runs recorded in .atelier of this folder to whoever has the access key: people with a browser, and " +
        "programs that record their runs here (`atelier login URL`, then ATELIER_SERVER=URL atelier train …).\n\nThe key " +
        "is made and shown at the first start; only its scrypt hash is kept. The connection is not encrypted: across " +
        "networks you do not trust, put a proxy with TLS in front.",
    )
    .addOption(
      new Option("--host <address>", "where to listen, e.g. 0.0.0.0 for all networks (default: 127.0.0.1)"),
    )
    .addOption(portOption())
    .addOption(new Option("--new-key", "make a new access key; the old one no longer works"))
    .addOption(jsonOption())
    .addOption(debugOption())
    .addHelpText("after", "\nExample:\n  atelier serve --host 0.0.0.0")
    .action((options: ServeOptions) => serve(options, effects));
}

export async function serve({ host, port, newKey, json }: ServeOptions, effects: Effects): Promise<void> {
  const keyHash = () => keyHashOf(storeFolder(effects), newKey === true, effects);
  await serveStore({ host, port, keyHash, json }, effects);
}

/** The hash kept in the store's folder; without one, or with `isNew`, of a new key, which is shown once. */
async function keyHashOf(folder: string, isNew: boolean, effects: Effects): Promise<string> {
  const path = join(folder, "access-key");
  const kept = isNew ? undefined : await keptHash(path);
  if (kept !== undefined) return kept;
  const key = newAccessKey();
  const hash = await hashAccessKey(key);
  await makeFolder(folder);
  await writeFileAtomic(path, new TextEncoder().encode(`${hash}\n`));
  say(effects, `access key, shown this once: ${key}`);
  return hash;
}

/** Undefined where none is kept. Throws bad-store for anything else but a hash: a key that works is never replaced unasked. */
async function keptHash(path: string): Promise<string | undefined> {
  try {
    const hash = (await readFile(path, "utf8")).trim();
    keyChecker(hash);
    return hash;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const { message } = cause as Error;
    throw new TrackerError("bad-store", `${path}: ${message} --new-key makes a new key.`, { cause });
  }
}
