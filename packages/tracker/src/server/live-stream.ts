/**
 * Changes of the store as they happen, for any number of listeners: the store is asked once for all of them, a few times a
 * second, and only while somebody listens.
 */
import type { Changes, Store } from "../store/store.ts";

/** How long a change may wait until it is told. */
const pollMs = 250;

export interface LiveStream {
  /** Calls `listener` with every change from `cursor` on; first at once, with all until now. Returns what ends it. */
  listen(cursor: number | undefined, listener: Listener): () => void;
  /** Ends it for everybody; `onEnd` of every listener is called. */
  close(): void;
}

export interface Listener {
  readonly onChanges: (changes: Changes) => void;
  readonly onEnd: () => void;
}

/** Listens to a store on behalf of many. */
export function liveStream(store: Pick<Store, "changesSince">): LiveStream {
  /** Where each listener stands; undefined until the first answer. */
  const listeners = new Map<Listener, number | undefined>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const poll = async () => {
    try {
      const places = new Set(listeners.values());
      for (const place of places) await tell(place);
    } catch {
      // A busy store answers the next time; whoever listens misses nothing.
    }
    timer = listeners.size > 0 && !isClosed ? setTimeout(poll, pollMs) : undefined;
  };
  /** Tells those who stand at `place` what happened since. Most of the time that is everybody. */
  const tell = async (place: number | undefined) => {
    const changes = await store.changesSince(place);
    for (const [listener, where] of listeners) {
      if (where !== place) continue;
      const isNews = place === undefined || changes.runs.length > 0 || changes.deletedRunIds.length > 0;
      listeners.set(listener, changes.cursor);
      if (isNews) listener.onChanges(changes);
    }
  };
  return {
    listen: (cursor, listener) => {
      listeners.set(listener, cursor);
      if (timer === undefined) timer = setTimeout(poll, 0);
      return () => listeners.delete(listener);
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      for (const { onEnd } of listeners.keys()) onEnd();
      listeners.clear();
    },
  };
}
