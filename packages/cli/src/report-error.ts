/** How a command ends badly: one sentence, an exit code, and with `--json` still one object on stdout. */
import { AtelierError } from "@atelier/engine";
import { TrackerError } from "@atelier/tracker";
import { CommanderError } from "commander";
import { type Effects, say } from "./effects.ts";
import { exitCodes } from "./exit-codes.ts";

export interface ReportErrorOptions {
  readonly json: boolean;
  /** Show where the error comes from. */
  readonly debug: boolean;
}

/** Tells what went wrong and returns the exit code for it. */
export function reportError(error: unknown, { json, debug }: ReportErrorOptions, effects: Effects): number {
  const { code, message } = describe(error);
  say(effects, `atelier: ${message}`);
  if (debug || code === "internal") say(effects, stackOf(error));
  if (json) effects.stdout(`${JSON.stringify({ error: { code, message } })}\n`);
  return exitCodes[code];
}

function describe(error: unknown): { readonly code: keyof typeof exitCodes; readonly message: string } {
  if (error instanceof AtelierError || error instanceof TrackerError) return error;
  if (error instanceof CommanderError) return { code: "bad-argument", message: commanderSentence(error) };
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EROFS" || code === "EACCES" || code === "EDQUOT") {
    return { code: "cannot-write", message };
  }
  if (error instanceof RangeError && /allocation failed|Invalid (typed )?array length/i.test(message)) {
    return {
      code: "out-of-memory",
      message: `out of memory: ${message}; try a smaller batchSize or --limit.`,
    };
  }
  return { code: "internal", message: `internal: ${error instanceof Error ? message : String(error)}` };
}

/** Commander's "error: unknown option '--epoch'\n(Did you mean --epochs?)" as one sentence. */
function commanderSentence({ message }: CommanderError): string {
  return message
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean (.*)\?\)$/, "; did you mean $1?")
    .replaceAll("\n", " ");
}

/** The stack with those of its causes. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
