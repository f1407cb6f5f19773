/** Makes versions of an artifact and files for as long as it lives; says which are acknowledged. Arguments: folder, run id. */
import { openTracker } from "../../src/index.ts";

const [folder, id] = process.argv.slice(2) as [string, string];
const tracker = await openTracker({ folder });
const run = await tracker.startRun({ project: "crash", id, captureConsole: false, systemEveryMs: 0 });
console.log("started");
for (let i = 0; ; i++) {
  const weights = Buffer.alloc(300_000 + i, `${id} ${i}`);
  const { version } = await run.logArtifact({
    type: "model",
    name: `net ${id}`,
    files: { "a/w.bin": weights },
  });
  await run.saveFile(`file ${i}`, weights);
  console.log(version);
}
