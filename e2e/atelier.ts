/** The command as its user runs it: in a folder of its own, in processes of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../packages/cli/bin/atelier.js", import.meta.url));

export interface Served {
  readonly url: string;
  /** What the server has said on stderr so far. */
  readonly said: () => string;
  readonly stop: () => Promise<void>;
}

/** A working folder for commands; disposing it ends what was started there and removes it. */
export interface Atelier extends AsyncDisposable {
  readonly folder: string;
  /** Runs a command to its end. Throws with its last words unless it succeeds. */
  readonly run: (...args: string[]) => Promise<void>;
  /** Starts `atelier ui` or `atelier serve` on a free port, or on the given one. */
  readonly serve: (command: "ui" | "serve", port?: number) => Promise<Served>;
}

export async function openAtelier(): Promise<Atelier> {
  const folder = await mkdtemp(join(tmpdir(), "atelier-e2e-"));
  const started = new Set<ChildProcess>();
  const start = (args: readonly string[]) => {
    const child = spawn(process.execPath, [program, ...args], { cwd: folder });
    let said = "";
    child.stderr.on("data", (piece) => {
      said += piece;
    });
    started.add(child);
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    void ended.then(() => started.delete(child));
    return { child, ended, said: () => said };
  };
  return {
    folder,
    run: async (...args) => {
      const { child, ended, said } = start(args);
      child.stdout.resume();
      const code = await ended;
      if (code !== 0) throw new Error(`atelier ${args.join(" ")} ended with ${code}: ${said().slice(-500)}`);
    },
    serve: async (command, port = 0) => {
      const { child, ended, said } = start([command, "--port", String(port), "--json"]);
      const url = await new Promise<string>((resolve, reject) => {
        createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line).url));
        void ended.then((code) => reject(new Error(`atelier ${command} ended with ${code}: ${said()}`)));
      });
      return {
        url,
        said,
        stop: async () => {
          child.kill();
          await ended;
        },
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of started) child.kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
