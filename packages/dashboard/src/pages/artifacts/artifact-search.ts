/** What the address of an artifact's page says. */
export interface ArtifactSearch {
  /** v3 or an alias; absent: the newest version. */
  readonly version?: string | undefined;
}

/** Only what the page understands of an address. */
export function artifactSearch(search: Readonly<Record<string, unknown>>): ArtifactSearch {
  return { version: typeof search.version === "string" ? search.version : undefined };
}
