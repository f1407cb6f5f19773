import { type ChartSearch, chartSearch } from "../../charts/chart-settings.ts";

/** What the address of a comparison says: the runs, the pair looked at, the images of the pair. */
export interface CompareSearch extends ChartSearch {
  /** Ids separated by commas. */
  readonly runs?: string | undefined;
  /** Ids of the pair compared image by image, separated by a comma; absent: the first two. */
  readonly pair?: string | undefined;
  /** all: settings that are equal are shown too. */
  readonly settings?: string | undefined;
  /** fixed (default) or broken. */
  readonly show?: string | undefined;
  readonly image?: string | undefined;
}

/** Only what the page understands of an address. */
export function compareSearch(search: Readonly<Record<string, unknown>>): CompareSearch {
  const text = (name: string) => (typeof search[name] === "string" ? search[name] : undefined);
  return {
    ...chartSearch(search),
    runs: text("runs"),
    pair: text("pair"),
    settings: text("settings"),
    show: text("show"),
    image: text("image"),
  };
}
