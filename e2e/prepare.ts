/** Fetches what the tests need beyond npm, once before all of them; what cannot be had is named. */
import { fashionMnist } from "@atelier/vision";

export default async function prepare(): Promise<void> {
  await fashionMnist().catch((error: Error) => {
    console.warn(`Tests on the real data are skipped: ${error.message}`);
  });
}
