/**
 * Where rows wait when the store cannot take them and memory is no place for them: one file a run, outside the store's
 * folder, a JSON line for each batch. Whoever opens the store next writes them into it.
 */
import { createHash, randomUUID } from "node:crypto";
import {
  appendFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fromJsonText, type Json, toJsonText } from "../model/json.ts";
import type { Store } from "../store/store.ts";
import { isFinal, largestBatch, type RunEntry, writeEntries } from "./run-queue.ts";

export interface Spool {
  /** Keeps entries of a run; false when that is not possible either. */
  write(runId: string, entries: readonly RunEntry[]): boolean;
  /**
   * Writes what is kept, of one run or of all, into the store and lets go of it. Throws what the store throws, after it has
   * tried every run; what was not taken is kept.
   */
  drain(store: Store, runId?: string): Promise<void>;
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
        for (let start = 0; start < entries.length; start += largestBatch) {
          const line = { runId, entries: entries.slice(start, start + largestBatch) };
          appendFileSync(pathOf(runId), `${toJsonText(line as unknown as Json)}\n`, { mode: 0o600 });
        }
        return true;
      } catch {
        return false; // the caller still has them
      }
    },
    async drain(store, runId) {
      if (!existsSync(parent) || statSync(parent).uid !== userInfo().uid) return; // everybody may write beside it
      const start = runId === undefined ? `${storeHash}-` : `${storeHash}-${hash(runId)}`;
      const errors: unknown[] = [];
      for (const name of readdirSync(parent).filter((file) => file.startsWith(start))) {
        await drainFile(join(parent, name), store).catch((error) => errors.push(error));
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}

interface SpooledLine {
  readonly runId: string;
  readonly entries: readonly RunEntry[];
}

async function drainFile(path: string, store: Store): Promise<void> {
  // Its writer may be at work: what it adds from now on begins a new file.
  const taken = path.endsWith(".jsonl") ? `${path}.${randomUUID()}` : path;
  try {
    if (taken !== path) renameSync(path, taken);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return; // another program was faster
    throw error;
  }
  for await (const text of linesOf(taken)) {
    const line = parsed(text);
    if (line === undefined) continue;
    try {
      await writeEntries({ store, runId: line.runId, updateWith: () => ({}) }, line.entries);
    } catch (error) {
      if (!isFinal(error)) throw error; // a run that was deleted wants its rows no more
    }
  }
  rmSync(taken, { force: true });
}

/** By line feeds alone; a whole file may be longer than any text can be. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      yield Buffer.concat([...pieces, piece.subarray(start, end)]).toString();
      pieces = [];
      start = end + 1;
    }
    pieces.push(piece.subarray(start));
  }
  yield Buffer.concat(pieces).toString();
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
