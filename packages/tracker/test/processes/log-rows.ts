/** Logs rows for as long as it lives, or `count` of them; says how many are acknowledged. Arguments: folder or server, run id, count. */
import { openTracker } from "../../src/index.ts";

const [place, id, count = "Infinity"] = process.argv.slice(2) as [string, string, string?];
const tracker = await openTracker(place.startsWith("http") ? { url: place } : { folder: place });
const run = await tracker
  .startRun({ project: "crash", id, captureConsole: false, systemEveryMs: 0 })
  .catch(() => tracker.resumeRun(id, { captureConsole: false, systemEveryMs: 0 }));
for (let row = (await tracker.store.getRun(id)).next.row; row < Number(count); row++) {
  run.log({ loss: row / 3, row });
  if (row % 50 > 0) continue;
  await run.flush();
  console.log(row + 1);
}
await run.finish();
await tracker[Symbol.asyncDispose]();
