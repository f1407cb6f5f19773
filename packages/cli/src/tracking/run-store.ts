/** The store of the working folder, and runs in it by what people call them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { nearestName } from "@atelier/engine";
import { openHttpStore, openSqliteStore, type Run, type Store, TrackerError } from "@atelier/tracker";
import { type Effects, say } from "../effects.ts";
import { keptKey, serverUrl } from "./access-keys.ts";

/** Where runs are kept. */
export function storeFolder({ folder }: Effects): string {
  return join(folder, ".atelier");
}

/** The store's folder, or the server that ATELIER_SERVER names, with its key. */
export function storePlace(
  effects: Effects,
): { readonly folder: string } | { readonly url: string; readonly key: string | undefined } {
  const { server, key, configFolder } = effects.environment;
  if (server === undefined) return { folder: storeFolder(effects) };
  const url = serverUrl(server);
  return { url, key: key ?? keptKey(configFolder, url) };
}

/** Whether there is a store to look for runs in. */
export function hasRunStore(effects: Effects): boolean {
  return effects.environment.server !== undefined || existsSync(storeFolder(effects));
}

/**
 * Where it cannot be written, opens it for reading alone, and says so. Throws not-found when nothing has been recorded in the
 * working folder.
 */
export function openRunStore(effects: Effects): Store {
  return open(effects, () => sayReadOnly(effects));
}

/** Opens it to change something. Throws what openRunStore throws, and cannot-write. */
export function openRunStoreToWrite(effects: Effects): Store {
  return open(effects);
}

export function sayReadOnly(effects: Effects): void {
  say(
    effects,
    `${storeFolder(effects)} cannot be written: its runs can be looked at, and nothing be changed.`,
  );
}

function open(effects: Effects, onReadOnly?: () => void): Store {
  const place = storePlace(effects);
  if ("url" in place) return openHttpStore(place);
  const { folder } = place;
  if (!existsSync(folder)) {
    throw new TrackerError(
      "not-found",
      `${folder}: no runs are recorded here; \`atelier train\` records them.`,
    );
  }
  return openSqliteStore({ folder, ...(onReadOnly && { onReadOnly }) });
}

/**
 * By id, or by name if one run has it. Throws bad-argument when several have it; not-found, offering the nearest name and
 * saying what was `expected`.
 */
export async function findRun(
  store: Store,
  text: string,
  expected = "the id or name of a run",
): Promise<Run> {
  const found = await runsCalled(store, text);
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(", ");
    throw new TrackerError(
      "bad-argument",
      `${text}: several runs have this name; name one by its id: ${ids}.`,
    );
  }
  const { runs } = await store.listRuns({});
  const nearest = nearestName(
    text,
    runs.flatMap(({ id, name }) => [id, name]),
  );
  const hint = nearest === undefined ? "`atelier runs` lists them." : `Did you mean "${nearest}"?`;
  throw new TrackerError("not-found", `${text}: expected ${expected}. ${hint}`);
}

/** The run with this id, or all with this name. */
export async function runsCalled(store: Store, text: string): Promise<readonly Run[]> {
  const byId = await store.listRuns({ filter: { field: "id", is: "=", value: text } });
  if (byId.total > 0) return byId.runs;
  return (await store.listRuns({ filter: { field: "name", is: "=", value: text } })).runs;
}
