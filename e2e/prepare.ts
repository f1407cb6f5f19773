/** Fetches what the tests need beyond npm, once before all of them; what cannot be had is named. */
import { spawnSync } from "node:child_process";
import { fashionMnist } from "@atelier/vision";
import { findChromium } from "./chromium.ts";

export default async function prepare(): Promise<void> {
  await fashionMnist().catch((error: Error) => {
    console.warn(`Tests on the real data are skipped: ${error.message}`);
  });
  if (findChromium() !== undefined) return;
  // Only root may install; Debian's package is the one browser that is had without another host.
  if (process.getuid?.() === 0)
    spawnSync("apt-get", ["install", "-y", "-qq", "chromium"], { timeout: 180_000, stdio: "ignore" });
  if (findChromium() === undefined)
    console.warn("Tests of the dashboard are skipped: there is no Chromium (apt-get install chromium).");
}
