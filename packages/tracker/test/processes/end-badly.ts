/** Logs a row and ends without saying how. Arguments: folder, and throw, reject, exit, interrupt, return or dispose. */
import { openTracker } from "../../src/index.ts";

const [folder, how] = process.argv.slice(2) as [string, string];
const quiet = { project: "ends", captureConsole: false, systemEveryMs: 0 };
if (how === "dispose") {
  await using tracker = await openTracker({ folder });
  await using run = await tracker.startRun({ id: how, ...quiet });
  run.log({ loss: 1 });
  throw new Error("the boiler burst");
}
const tracker = await openTracker({ folder });
const run = await tracker.startRun({ id: how, ...quiet });
run.log({ loss: 1 });
if (how === "throw") throw new Error("the boiler burst");
if (how === "exit") process.exit(3);
if (how === "interrupt") process.exit(130);
