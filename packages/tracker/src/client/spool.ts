/**
 * Where rows wait when the store cannot take them and memory is no place for them: one file a run, outside the store's
 * folder, a JSON line for each batch. Whoever opens the store next writes them into it.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fromJsonText, type Json, toJsonText } from "../model/json.ts";
import type { Store } from "../store/store.ts";
import { isFinal, type RunEntry, writeEntries } from "./run-queue.ts";

export interface Spool {
  /** Keeps entries of a run; false when that is not possible either. */
  write(runId: string, entries: readonly RunEntry[]): boolean;
  /** Writes what is kept into the store and lets go of it. Throws what the store throws; nothing is lost then. */
  drain(store: Store): Promise<void>;
  /** Where a run's entries are kept. */
  pathOf(runId: string): string;
}

/** The spool of the store in a folder, given by its absolute path, or behind a server, by its address. */
export function openSpool(place: string, parent: string = spoolFolder()): Spool {
  const storeHash = hash(place);
  const pathOf = (runId: string) => join(parent, `${storeHash}-${hash(runId)}.jsonl`);
  return {
    pathOf,
    write(runId, entries) {
      try {
        mkdirSync(parent, { recursive: true, mode: 0o700 });
        appendFileSync(pathOf(runId), `${toJsonText({ runId, entries } as unknown as Json)}\n`, {
          mode: 0o600,
        });
        return true;
      } catch {
        return false; // the caller still has them
      }
    },
    async drain(store) {
      if (!existsSync(parent) || statSync(parent).uid !== userInfo().uid) return; // everybody may write beside it
      for (const name of readdirSync(parent).filter((file) => file.startsWith(`${storeHash}-`))) {
        await drainFile(join(parent, name), store);
      }
    },
  };
}

interface SpooledLine {
  readonly runId: string;
  readonly entries: readonly RunEntry[];
}

async function drainFile(path: string, store: Store): Promise<void> {
  for (const text of readFileSync(path, "utf8").split("\n")) {
    const line = parsed(text);
    if (line === undefined) continue;
    try {
      await writeEntries({ store, runId: line.runId, updateWith: () => ({}) }, line.entries);
    } catch (error) {
      if (!isFinal(error)) throw error; // a run that was deleted wants its rows no more
    }
  }
  rmSync(path, { force: true });
}

/** Undefined for an empty line and for one that was cut off. */
function parsed(text: string): SpooledLine | undefined {
  try {
    return fromJsonText(text) as unknown as SpooledLine;
  } catch {
    return undefined;
  }
}

function spoolFolder(): string {
  return join(tmpdir(), `atelier-spool-${userInfo().username}`);
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
