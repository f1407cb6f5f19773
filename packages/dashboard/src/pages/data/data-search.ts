/** What the address of the data page says. */
export interface DataSearch {
  readonly name?: string | undefined;
  readonly checksum?: string | undefined;
  /** train (default) or test. */
  readonly part?: string | undefined;
  /** Another number shows other samples. */
  readonly seed?: string | undefined;
}

/** Only what the page understands of an address. */
export function dataSearch(search: Readonly<Record<string, unknown>>): DataSearch {
  const text = (name: string) => (typeof search[name] === "string" ? search[name] : undefined);
  return { name: text("name"), checksum: text("checksum"), part: text("part"), seed: text("seed") };
}
