/**
 * All that a command may do besides its work on files: speak, look at the environment, be interrupted. Commands
 * are functions of (options, effects); main.ts gives them the real ones, tests their own.
 */
import type { Environment } from "./environment.ts";
import { harmless } from "./terminal/plain.ts";

export interface Effects {
  /** Results. */
  readonly stdout: (text: string) => void;
  /** Progress and messages. */
  readonly stderr: (text: string) => void;
  /** Whether stderr is a terminal, where a line can be rewritten in place, and how wide it is. */
  readonly terminal: { readonly columns: number } | undefined;
  /** One line from the person at the terminal, which is not shown, or from stdin. */
  readonly readSecret: (question: string) => Promise<string>;
  readonly environment: Environment;
  /** Relative paths start here. */
  readonly folder: string;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A message to the person at the terminal; what it quotes from a store moves no cursor. */
export function say(effects: Effects, message: string): void {
  effects.stderr(`${harmless(message)}\n`);
}

/** What a command found: one JSON object with `--json`, otherwise text for reading. */
export function printResult(effects: Effects, json: boolean | undefined, result: object, text: string): void {
  effects.stdout(json ? `${JSON.stringify(result)}\n` : text.endsWith("\n") ? text : `${text}\n`);
}
