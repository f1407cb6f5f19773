/** Where downloaded data is kept between runs. */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** $XDG_CACHE_HOME/atelier when that is an absolute path, otherwise ~/.cache/atelier. */
export function defaultCacheFolder(env: { readonly [name: string]: string | undefined } = {}): string {
  const { XDG_CACHE_HOME: xdg } = env;
  return join(xdg && isAbsolute(xdg) ? xdg : join(env.HOME || homedir(), ".cache"), "atelier");
}
