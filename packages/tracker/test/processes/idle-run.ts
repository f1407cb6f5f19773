/** Starts a run, says so, and then nothing for as long as it lives. Arguments: folder. */
import { openTracker } from "../../src/index.ts";

const tracker = await openTracker({ folder: process.argv[2]! });
const run = await tracker.startRun({ project: "idle", captureConsole: false, systemEveryMs: 0 });
await run.flush();
console.log(run.id);
setInterval(() => {}, 1000);
