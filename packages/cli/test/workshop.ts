/** A folder of a test's own with a tiny data set and recipe, and commands run in it in-process. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "@atelier/charts";
import { writeIdx } from "@atelier/vision";
import { onTestFinished } from "vitest";
import type { Effects } from "../src/effects.ts";
import { runAtelier } from "../src/program.ts";

export interface Workshop {
  readonly folder: string;
  /** Runs `atelier …args`; the signal stands for Ctrl-C. */
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<Ran>;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly terminal?: { readonly columns: number };
  /** What the person types when asked for a secret. */
  readonly secret?: string;
  /** As in ATELIER_SERVER. */
  readonly server?: string;
  /** Told of everything on stderr as it comes. */
  readonly onMessage?: (text: string) => void;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const side = 8;
const classes = 3;

/** Images of three kinds: the bright third is on top, in the middle, or at the bottom; a little noise by index. */
function pixelsOf(count: number): Uint8Array {
  return Uint8Array.from({ length: count * side * side }, (_, at) => {
    const image = Math.floor(at / (side * side));
    const row = Math.floor((at % (side * side)) / side);
    const isBright = Math.floor((row * classes) / side) === image % classes;
    return (isBright ? 160 : 30) + ((at * 37 + image * 11) % 60);
  });
}

const recipe = `name: tiny
input: [${side}, ${side}, 1]
layers:
  - { type: dense, units: 8, activation: relu }
  - { type: dropout, rate: 0.1 }
  - { type: dense, units: classes }
epochs: 4
batchSize: 8
optimizer: { type: adam, learningRate: 0.01 }
validation: { fraction: 0.2 }
data: data
`;

/** A folder with data/ (IDX, 90 training and 30 test images), photos/ (PNG, 3 × 10) and tiny.yaml. */
export async function workshop(): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), "atelier-cli-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "data"));
  for (const [part, count] of [
    ["train", 90],
    ["test", 30],
  ] as const) {
    const labels = Uint8Array.from({ length: count }, (_, index) => index % classes);
    await writeFile(
      join(folder, "data", `${part}-images-idx3-ubyte`),
      writeIdx([count, side, side], pixelsOf(count)),
    );
    await writeFile(join(folder, "data", `${part}-labels-idx1-ubyte`), writeIdx([count], labels));
  }
  await writePhotos(join(folder, "photos"));
  await writeFile(join(folder, "tiny.yaml"), recipe);
  return { folder, run: (args, options = {}) => run(folder, args, options) };
}

async function writePhotos(folder: string): Promise<void> {
  const pixels = pixelsOf(30);
  for (let index = 0; index < 30; index++) {
    const parent = join(folder, ["bottom", "middle", "top"][index % classes]!);
    await mkdir(parent, { recursive: true });
    const image = pixels.slice(index * side * side, (index + 1) * side * side);
    await writeFile(
      join(parent, `${index}.png`),
      encodePng({ pixels: image, height: side, width: side, channels: 1 }),
    );
  }
}

async function run(folder: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  const effects: Effects = {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
      options.onMessage?.(text);
    },
    terminal: options.terminal,
    readSecret: async () => options.secret ?? "",
    environment: {
      dataFolder: undefined,
      cacheFolder: join(folder, "cache"),
      configFolder: join(folder, "config"),
      server: options.server,
      key: undefined,
    },
    folder,
    signal: options.signal ?? new AbortController().signal,
  };
  const code = await runAtelier(args, effects);
  return { code, stdout, stderr };
}
