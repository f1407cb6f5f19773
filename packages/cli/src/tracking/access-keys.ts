/** Access keys of servers, in a file of the user's own. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TrackerError } from "@atelier/tracker";

/** An address as keys are kept by: without path and final slash. Throws bad-argument for what is no HTTP address. */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url.origin;
  throw new TrackerError(
    "bad-argument",
    `expected the address of a server, such as http://localhost:6006, got "${text}".`,
  );
}

/** Keeps a key, in place of an earlier one of this server, where only the user can read it; returns the file. */
export function keepKey(folder: string, url: string, key: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = pathIn(folder);
  const temporary = `${path}.${process.pid}.tmp`;
  const text = `${JSON.stringify({ ...keysIn(folder), [url]: key }, undefined, 2)}\n`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  return path;
}

/** The key of a server, undefined where none is kept. */
export function keptKey(folder: string, url: string): string | undefined {
  const keys = keysIn(folder);
  return Object.hasOwn(keys, url) ? keys[url] : undefined;
}

function keysIn(folder: string): Readonly<Record<string, string>> {
  const path = pathIn(folder);
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new TrackerError("bad-store", `${path}: is no JSON; remove it and log in again.`, { cause });
  }
}

function pathIn(folder: string): string {
  return join(folder, "access-keys.json");
}
