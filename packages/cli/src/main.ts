/** The process around the commands: real streams, real environment, Ctrl-C. */
import type { Effects } from "./effects.ts";
import { readEnvironment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { runAtelier } from "./program.ts";
import { readSecret } from "./terminal/read-secret.ts";

/** A terminal, npm and the starter may each deliver the same Ctrl-C: what comes this soon after is no second one. */
const samePressMs = 400;

const stop = new AbortController();
let firstPress: number | undefined;

function interrupt(): void {
  if (firstPress === undefined) {
    firstPress = performance.now();
    stop.abort();
    process.stderr.write("\nstopping; Ctrl-C again quits at once\n");
  } else if (performance.now() - firstPress > samePressMs) {
    process.exit(exitCodes.stopped);
  }
}

process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);
// `atelier recipes | head -1` closes the pipe early, which is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const effects: Effects = {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  terminal: process.stderr.isTTY ? { columns: process.stderr.columns } : undefined,
  readSecret: (question) => readSecret(question, process.stdin, process.stderr),
  environment: readEnvironment(process.env),
  folder: process.cwd(),
  signal: stop.signal,
};

process.exitCode = await runAtelier(process.argv.slice(2), effects);
