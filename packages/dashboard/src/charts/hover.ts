/** The x that the reader points at, shared by all charts of a page so that they follow each other. */
import { createContext, useContext, useSyncExternalStore } from "react";

/** A place for one x value, and who wants to know of it. */
export class HoverStore {
  #x: number | undefined;
  readonly #listeners = new Set<() => void>();

  readonly get = () => this.#x;
  readonly set = (x: number | undefined) => {
    this.#x = x;
    for (const listener of this.#listeners) listener();
  };
  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export const HoverContext = createContext(new HoverStore());

/** The shared x in a chart's own units, and the way to set it. */
export function useHover(unit: number): readonly [number | undefined, (x: number | undefined) => void] {
  const store = useContext(HoverContext);
  const x = useSyncExternalStore(store.subscribe, store.get);
  return [x === undefined ? x : x / unit, (own) => store.set(own === undefined ? own : own * unit)];
}

/** The index of the point nearest to `x` in ascending values; -1 when there is none. */
export function nearestIndex(values: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - values[low - 1]! < values[low]! - x ? low - 1 : Math.min(low, values.length - 1);
}
