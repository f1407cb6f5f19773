/** The only file that knows environment variables. */
import { defaultCacheFolder } from "@atelier/vision";

export interface Environment {
  /** `ATELIER_DATA`: the folder in which data sets known by name are looked for first. */
  readonly dataFolder: string | undefined;
  /** Where downloads are kept: `atelier` in `XDG_CACHE_HOME`, or in `.cache` of `HOME`. */
  readonly cacheFolder: string;
}

/** Reads process.env or the like; an empty variable is an absent one. */
export function readEnvironment(variables: { readonly [name: string]: string | undefined }): Environment {
  return { dataFolder: variables.ATELIER_DATA || undefined, cacheFolder: defaultCacheFolder(variables) };
}
