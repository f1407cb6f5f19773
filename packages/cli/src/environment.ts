/** The only file that knows environment variables. */
import { homedir } from "node:os";
import { join } from "node:path";
import { defaultCacheFolder } from "@atelier/vision/cache-folder";

export interface Environment {
  /** `ATELIER_DATA`: the folder in which data sets known by name are looked for first. */
  readonly dataFolder: string | undefined;
  /** Where downloads are kept: `atelier` in `XDG_CACHE_HOME`, or in `.cache` of `HOME`. */
  readonly cacheFolder: string;
  /** Where access keys are kept: `atelier` in `XDG_CONFIG_HOME`, or in `.config` of `HOME`. */
  readonly configFolder: string;
  /** `ATELIER_SERVER`: the server that runs are recorded on instead of the working folder. */
  readonly server: string | undefined;
  /** `ATELIER_KEY`: its access key, where `atelier login` has not kept it. */
  readonly key: string | undefined;
}

/** Reads process.env or the like; an empty variable is an absent one. */
export function readEnvironment(variables: { readonly [name: string]: string | undefined }): Environment {
  return {
    dataFolder: variables.ATELIER_DATA || undefined,
    cacheFolder: defaultCacheFolder(variables),
    configFolder: join(variables.XDG_CONFIG_HOME || join(variables.HOME || homedir(), ".config"), "atelier"),
    server: variables.ATELIER_SERVER || undefined,
    key: variables.ATELIER_KEY || undefined,
  };
}
