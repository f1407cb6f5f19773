/** Makes what the tests need beyond npm, once before all of them; what cannot be had is named. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fashionMnist } from "@atelier/vision";
import { findChromium } from "./chromium.ts";

const packages = fileURLToPath(new URL("../packages", import.meta.url));

export default async function prepare(): Promise<void> {
  await fashionMnist().catch((error: Error) => {
    console.warn(`Tests on the real data are skipped: ${error.message}`);
  });
  if (findChromium() === undefined) {
    console.warn("Tests of the dashboard are skipped: there is no Chromium (apt-get install chromium).");
    return;
  }
  const bundle = join(packages, "dashboard/dist/index.html");
  const sources = ["dashboard", "charts", "tracker", "vision"].map((name) => join(packages, name, "src"));
  if (existsSync(bundle) && sources.every((folder) => newestIn(folder) < statSync(bundle).mtimeMs)) return;
  execFileSync(process.execPath, [join(packages, "dashboard/build.mjs")], { stdio: "ignore" });
}

/** When the file that was changed last was changed. */
function newestIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Math.max(...files.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs));
}
