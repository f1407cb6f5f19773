/**
 * The add-on, typed: sessions over native memory that run encoded programs. This room knows kernels and memory,
 * not graphs or executors; names are numbers here, and the engine's executors/native gives them meaning.
 * The C++ checks every argument again and throws an Error with `code` "bad-argument" or "out-of-memory".
 */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** The add-on is missing or cannot be loaded; the message says which file, why, and what to run. */
export class KernelsUnavailable extends Error {}

/** What a loaded add-on offers. */
export interface Kernels {
  /** CPU variants this machine can run, fastest first; "…-emulated" and "naive" are for tests. */
  readonly variants: readonly string[];
  /** The kernel table the add-on was compiled with: field names in order, floats as "name:f32". */
  readonly kernelFields: Readonly<Record<string, readonly string[]>>;
  readonly mapOpcodes: Readonly<Record<string, number>>;
  createSession(options: SessionOptions): NativeSession;
  /** GFLOP/s of a loop of independent multiply-adds on one thread: what 100 % means. Blocks for `seconds`. */
  peak(variant: string, seconds: number): number;
}

export interface SessionOptions {
  /** Default: the fastest this machine can run. */
  readonly variant?: string | undefined;
  /** Default: one a core. */
  readonly threads?: number | undefined;
  readonly stateFloats: number;
  readonly arenaFloats: number;
}

/**
 * How images lie: normalised floats [N,H,W,C], pixels as they are, a byte each, or normalised floats with sixteen images
 * side by side [⌈N/16⌉,C,H,W,16].
 */
export type ImageForm = "plain" | "bytes" | "lanes";
const imageForms: readonly ImageForm[] = ["plain", "bytes", "lanes"];

/** A program as encodeCalls of the engine's plan/program.ts writes it, and what a step puts in and takes out. */
export interface NativeProgram {
  readonly words: Int32Array;
  /** Images a step takes from the order. */
  readonly rows: number;
  readonly images?:
    | {
        readonly ref: number;
        readonly shape: readonly number[];
        /** Default: plain. */
        readonly form?: ImageForm;
      }
    | undefined;
  readonly targets?: { readonly ref: number; readonly shape: readonly number[] } | undefined;
  /** Refs of the scalar inputs. */
  readonly scalars: readonly number[];
  readonly outputs: readonly { readonly ref: number; readonly floats: number }[];
}

/** A program within a job, and how its scalars and outputs correspond to the job's. */
export interface NativeUse {
  /** What addProgram returned. */
  readonly program: number;
  /** For each scalar of the program its column in `scalars`, −1 to leave it. */
  readonly scalarColumns: readonly number[];
  /** For each output of the job the program's output. */
  readonly outputs: readonly number[];
}

/** Amounts as in the engine's AugmentationSpec; 0 is off. */
export interface NativeAugmentation {
  readonly flip: "none" | "random" | "alternating";
  readonly shift: number;
  readonly degrees: number;
  readonly zoom: number;
  readonly cutoutSize: number;
  readonly cutoutProbability: number;
  readonly brightness: number;
  readonly contrast: number;
}

/** Many steps, run without JavaScript. */
export interface NativeJob {
  readonly whole: NativeUse;
  /** For the last batch, when `order` is not a multiple of the batch size. */
  readonly rest?: NativeUse | undefined;
  /** Key of an uploaded data set; undefined for programs without images and targets. */
  readonly dataset?: number | undefined;
  /** Image indices, batch after batch. */
  readonly order: Int32Array;
  readonly steps: number;
  /** [steps, columns] */
  readonly scalars: Float32Array;
  readonly columns: number;
  /** Column of the mixup weight; mixup is on when it is given. */
  readonly mixupColumn?: number | undefined;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly augmentation?: Partial<NativeAugmentation> | undefined;
  readonly seed: number;
  readonly firstStep: number;
  readonly epochIndex: number;
  /** Place among the job's outputs of the one that must stay finite. */
  readonly finiteOutput?: number | undefined;
  /** Whether to time each call. */
  readonly measure?: boolean | undefined;
}

export interface NativeProgress {
  readonly stepsDone: number;
  readonly rowsDone: number;
  /** Running sum of each output of the job. */
  readonly sums: readonly number[];
}

export interface NativeResult extends NativeProgress {
  /** Values of each output, step after step. */
  readonly outputs: readonly Float32Array[];
  /** A step whose output is not finite does not count: the state and the outputs are those before it. */
  readonly end: "done" | "stopped" | "not-finite";
  /** Seconds spent stepping. */
  readonly seconds: number;
  /** When measured: seconds spent gathering, then in each call of the `whole` program, over all steps. Otherwise empty. */
  readonly callSeconds: readonly number[];
}

export interface NativeSession {
  readonly variant: string;
  readonly threads: number;
  /** Bytes held: state, scratch, resident data sets; 0 once closed. */
  readonly sizeBytes: number;
  /** Checks every operand of every call against the session's memory; returns the program's number. */
  addProgram(program: NativeProgram): number;
  read(offset: number, floats: number): Float32Array;
  write(offset: number, values: Float32Array): void;
  /** Copies images [N,H,W,C] and labels [N]; replaces what was there under `key`. */
  upload(
    key: number,
    images: Uint8Array,
    labels: Int32Array,
    shape: readonly [number, number, number, number],
  ): void;
  /** Runs on its own threads; the event loop stays free. One at a time. `onProgress` hears about 20 times a second. */
  run(job: NativeJob, onProgress?: (progress: NativeProgress) => void): Promise<NativeResult>;
  /** Ends the run in progress after its current step. */
  abort(): void;
  /** Frees the memory; a run in progress is stopped first. */
  close(): void;
}

/** What the add-on exports; see native/addon.cpp. */
interface Addon {
  description(): {
    variants: string[];
    kernelFields: Record<string, string[]>;
    mapOpcodes: Record<string, number>;
  };
  createSession(variant: string, threads: number, stateFloats: number, arenaFloats: number): object;
  variantOf(session: object): string;
  addProgram(
    session: object,
    words: Int32Array,
    images: Int32Array,
    targets: Int32Array,
    scalars: Int32Array,
    outputs: Int32Array,
    rows: number,
  ): number;
  read(session: object, offset: number, floats: number): Float32Array;
  write(session: object, offset: number, values: Float32Array): void;
  upload(session: object, key: number, images: Uint8Array, labels: Int32Array, shape: Int32Array): void;
  run(session: object, job: object, onProgress: (progress: NativeProgress) => void): Promise<NativeResult>;
  abort(session: object): void;
  close(session: object): void;
  sizeBytes(session: object): number;
  peak(variant: string, seconds: number): number;
}

const defaultFile = fileURLToPath(new URL("../build/atelier-kernels.node", import.meta.url));

/** CPU variants of the kernels on this machine, fastest first. Throws KernelsUnavailable. */
export function listVariants(): readonly string[] {
  return loadKernels().variants;
}

/** Loads the add-on. Throws KernelsUnavailable. */
export function loadKernels(file: string = defaultFile): Kernels {
  let addon: Addon;
  try {
    addon = createRequire(import.meta.url)(file) as Addon;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "MODULE_NOT_FOUND" ? "it is not built" : message.split("\n")[0];
    throw new KernelsUnavailable(
      `the native kernels could not be loaded from ${file} (${reason}). Run \`npm run build:native\`; it needs g++ (\`apt-get install g++\`).`,
      { cause },
    );
  }
  return {
    ...addon.description(),
    createSession: (options) => openSession(addon, options),
    peak: (variant, seconds) => addon.peak(variant, seconds),
  };
}

function openSession(addon: Addon, options: SessionOptions): NativeSession {
  const threads = options.threads ?? availableParallelism();
  const session = addon.createSession(
    options.variant ?? "",
    threads,
    options.stateFloats,
    options.arenaFloats,
  );
  return {
    variant: addon.variantOf(session),
    threads,
    get sizeBytes() {
      return addon.sizeBytes(session);
    },
    addProgram({ words, rows, images, targets, scalars, outputs }) {
      return addon.addProgram(
        session,
        words,
        Int32Array.from(
          images ? [images.ref, ...images.shape, imageForms.indexOf(images.form ?? "plain")] : [],
        ),
        Int32Array.from(targets ? [targets.ref, ...targets.shape] : []),
        Int32Array.from(scalars),
        Int32Array.from(outputs.flatMap(({ ref, floats }) => [ref, floats])),
        rows,
      );
    },
    read: (offset, floats) => addon.read(session, offset, floats),
    write: (offset, values) => addon.write(session, offset, values),
    upload: (key, images, labels, shape) =>
      addon.upload(session, key, images, labels, Int32Array.from(shape)),
    run: async (job, onProgress) => addon.run(session, encodeJob(job), onProgress ?? (() => {})),
    abort: () => addon.abort(session),
    close: () => addon.close(session),
  };
}

/** The job with every field present and of the type the add-on expects. */
function encodeJob(job: NativeJob): object {
  const use = (value: NativeUse | undefined) => ({
    program: value?.program ?? -1,
    scalarColumns: Int32Array.from(value?.scalarColumns ?? []),
    outputs: Int32Array.from(value?.outputs ?? []),
  });
  const { augmentation = {} } = job;
  return {
    ...job,
    whole: use(job.whole),
    rest: use(job.rest),
    dataset: job.dataset ?? -1,
    mixupColumn: job.mixupColumn ?? -1,
    finiteOutput: job.finiteOutput ?? -1,
    measure: Number(job.measure ?? false),
    mean: Float64Array.from(job.mean),
    std: Float64Array.from(job.std),
    augmentation: {
      flip: ["none", "random", "alternating"].indexOf(augmentation.flip ?? "none"),
      shift: augmentation.shift ?? 0,
      degrees: augmentation.degrees ?? 0,
      zoom: augmentation.zoom ?? 0,
      cutoutSize: augmentation.cutoutSize ?? 0,
      cutoutProbability: augmentation.cutoutProbability ?? 1,
      brightness: augmentation.brightness ?? 0,
      contrast: augmentation.contrast ?? 0,
    },
  };
}
