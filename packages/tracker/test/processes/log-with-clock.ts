/** Logs all the time on a machine whose clock is wrong. Arguments: server, by how many milliseconds. Says the run's id. */
import { openTracker } from "../../src/index.ts";

const [url, offset] = process.argv.slice(2) as [string, string];
const rightNow = Date.now;
Date.now = () => rightNow() + Number(offset);
const tracker = await openTracker({ url });
const run = await tracker.startRun({ project: "far", captureConsole: false, systemEveryMs: 0 });
console.log(run.id);
setInterval(() => run.log({ loss: 1 }), 50);
