/**
 * The first thing the command does: what Node makes of sources is kept in the user's cache folder, so that the next call need not
 * make it again. Where nothing can be kept, it is made anew each time.
 */
import { mkdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { dirname, join } from "node:path";
import { readEnvironment } from "./environment.ts";

const { cacheFolder } = readEnvironment(process.env);
const folder = join(cacheFolder, "compiled");
// Each by itself: making all at once, as Node would, never returns where there can be no folders, as in /proc.
if ([dirname(cacheFolder), cacheFolder, folder].every(isMade)) enableCompileCache(folder);
await import("./main.ts"); // what is imported above is compiled already

function isMade(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EEXIST";
  }
}
