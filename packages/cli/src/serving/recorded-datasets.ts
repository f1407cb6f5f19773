/**
 * The data sets that recorded runs worked on, opened again when a page asks for them. A name from outside opens only what
 * some run has said it used, from where that run had it.
 */
import { AtelierError } from "@atelier/engine";
import { type Run, type Store, TrackerError } from "@atelier/tracker";
import type { DatasetReference } from "@atelier/tracker/server";
import type { OpenedDataset } from "@atelier/vision";
import { openData } from "../data/open-data.ts";
import type { Effects } from "../effects.ts";

/** Data sets stay open; a server has few of them. */
const mostOpen = 4;

/** Opens data sets by what runs call them. */
export type OpenRecorded = (reference: DatasetReference) => Promise<OpenedDataset>;

/** Where a run had its data, and the size it brought images to. */
interface Place {
  readonly data: string;
  readonly input?: readonly [height: number, width: number, channels: number];
}

/** Throws not-found for what no run names, and for data that are no longer where they were or no longer the same. */
export function recordedDatasets(store: Store, effects: Effects): OpenRecorded {
  const open = new Map<string, Promise<OpenedDataset>>();
  const openPlace = (place: Place) => {
    const key = JSON.stringify(place);
    const opened = open.get(key) ?? openData(place, effects);
    open.delete(key);
    open.set(key, opened); // the last used last
    opened.catch(() => open.delete(key));
    for (const old of [...open.keys()].slice(0, -mostOpen)) open.delete(old);
    return opened;
  };
  return async ({ name, checksum }) => {
    const places = await placesOf(store, name, checksum);
    let trouble: Error | undefined;
    for (const place of places) {
      try {
        const opened = await openPlace(place);
        const isWanted = [opened.train, opened.test].some((part) => part?.checksum === checksum);
        if (isWanted || checksum === undefined) return opened;
      } catch (error) {
        if (!(error instanceof AtelierError)) throw error;
        trouble = error;
      }
    }
    const reason =
      places.length === 0
        ? "no run works on data of this name"
        : (trouble?.message ?? "the data are no longer the same");
    throw new TrackerError("not-found", `data set ${JSON.stringify(name)}: ${reason.replace(/\.$/, "")}.`);
  };
}

/** The places where runs had a data set, the newest first; those of runs with this checksum before others. */
async function placesOf(store: Store, name: string, checksum: string | undefined): Promise<readonly Place[]> {
  const found = new Map<string, { readonly place: Place; readonly isLikely: boolean }>();
  const { runs } = await store.listRuns({});
  for (const run of runs) {
    const place = run.dataset?.name === name ? placeOf(run) : undefined;
    if (place === undefined) continue;
    const key = JSON.stringify(place);
    const isLikely = run.dataset?.checksum === checksum || found.get(key)?.isLikely === true;
    found.set(key, { place, isLikely });
  }
  const likelyFirst = [...found.values()].sort((a, b) => Number(b.isLikely) - Number(a.isLikely));
  return likelyFirst.map(({ place }) => place);
}

function placeOf({ config: { data, input } }: Run): Place | undefined {
  if (typeof data !== "string") return undefined;
  const isShape =
    Array.isArray(input) && input.length === 3 && input.every((part) => typeof part === "number");
  return isShape ? { data, input: input as unknown as NonNullable<Place["input"]> } : { data };
}
