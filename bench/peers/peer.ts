/** A peer framework as a child process that answers one line a question; see pytorch_peer.py and keras_peer.py. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface PeerAnswer {
  readonly imagesPerSecond: number;
  readonly parameters: number;
  /** Which of the ways it tried was the fastest. */
  readonly layout: string;
}

export interface PeerOptions {
  /** The Python that has the framework. */
  readonly python: string;
  readonly dataFolder: string;
  readonly threads: number;
  /** Makes the framework and its libraries (oneDNN, MKL, XLA) do without AVX-512 and AMX. */
  readonly avx2?: boolean;
}

const heldToAvx2 = {
  ATEN_CPU_CAPABILITY: "avx2",
  ONEDNN_MAX_CPU_ISA: "AVX2",
  MKL_ENABLE_INSTRUCTIONS: "AVX2",
  XLA_FLAGS: "--xla_cpu_max_isa=AVX2",
};

const scripts = { PyTorch: "pytorch_peer.py", Keras: "keras_peer.py" } as const;
export type PeerName = keyof typeof scripts;
export const peerNames = Object.keys(scripts) as PeerName[];

export class Peer {
  readonly name: PeerName;
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(name: PeerName, child: ChildProcess, lines: AsyncIterator<string>, version: string) {
    this.name = name;
    this.#child = child;
    this.#lines = lines;
    this.version = version;
  }

  /** Starts the peer; the reason why not when it is not there. */
  static async open(
    name: PeerName,
    { python, dataFolder, threads, avx2 }: PeerOptions,
  ): Promise<Peer | string> {
    const script = fileURLToPath(new URL(`./${scripts[name]}`, import.meta.url));
    const child = spawn(python, [script, dataFolder, String(threads)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...(avx2 && heldToAvx2), OMP_NUM_THREADS: String(threads) },
    });
    let reason = "it ended at once";
    child.on("error", ({ message }) => {
      reason = message;
    });
    child.stderr.on("data", (chunk) => {
      reason = String(chunk).trim().split("\n").at(-1) ?? reason;
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    return first.done ? reason : new Peer(name, child, lines, JSON.parse(first.value).version);
  }

  /** Whole training steps of `recipe` for about `seconds`. */
  async measure(recipe: string, batchSize: number, seconds: number): Promise<PeerAnswer> {
    this.#child.stdin!.write(`${recipe} ${batchSize} ${seconds}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`${this.name} died while measuring ${recipe}`);
    return JSON.parse(line.value);
  }

  close(): void {
    this.#child.stdin!.end();
  }
}
