/** A peer framework as a child process that answers one line a question; see pytorch_peer.py. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface PeerAnswer {
  readonly recipe: string;
  readonly imagesPerSecond: number;
  readonly parameters: number;
  readonly layout: string;
}

export class Peer {
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, version: string) {
    this.#child = child;
    this.#lines = lines;
    this.version = version;
  }

  /** Starts PyTorch from the given Python; undefined with a reason when it is not there. */
  static async openPyTorch(python: string, dataFolder: string, threads: number): Promise<Peer | string> {
    if (!existsSync(python)) return `no Python at ${python}; set ATELIER_BENCH_PYTHON to one that has torch`;
    const script = fileURLToPath(new URL("./pytorch_peer.py", import.meta.url));
    const child = spawn(python, [script, dataFolder, String(threads)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, OMP_NUM_THREADS: String(threads) },
    });
    let errors = "";
    child.stderr!.on("data", (chunk) => {
      errors += chunk;
    });
    const lines = (createInterface({ input: child.stdout! }) as Interface)[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) return `PyTorch did not start: ${errors.trim().split("\n").at(-1)}`;
    return new Peer(child, lines, JSON.parse(first.value).version);
  }

  /** Whole training steps of `recipe` for about `seconds`. */
  async measure(recipe: string, seconds: number): Promise<PeerAnswer> {
    this.#child.stdin!.write(`${recipe} ${seconds}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`the peer died while measuring ${recipe}`);
    return JSON.parse(line.value);
  }

  close(): void {
    this.#child.stdin!.end();
  }
}
