/**
 * Graphs on the C++ kernels: compile plans each graph into a program (plan/) and hands it to a native session;
 * names become numbers here. Nothing is computed in this file.
 */
import { availableParallelism } from "node:os";
import { type Kernels, loadKernels, type NativeSession, type NativeUse } from "@atelier/kernels";
import { AtelierError } from "../../error.ts";
import type { StepGraph } from "../../graph/graph.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { describeProgram } from "../../plan/describe-program.ts";
import { fromPanels, panelStates, toPanels } from "../../plan/panels.ts";
import { planGraph } from "../../plan/plan.ts";
import { encodeCalls, kernelFields, mapOpcodes, type Program } from "../../plan/program.ts";
import { StateLayout } from "../../plan/state-layout.ts";
import type { ImageDataset } from "../../train/dataset.ts";
import { pixelScaleOf } from "../../train/pixel-scale.ts";
import type { Executor, RunRequest, RunResult, Session, SessionSpec } from "../executor.ts";
import { freeze } from "./freeze.ts";
import { nativeAugmentation } from "./native-augmentation.ts";

export interface NativeExecutorOptions {
  /** Default: all cores. */
  readonly threads?: number;
  /** CPU variant, e.g. "avx2"; default the fastest of this machine. */
  readonly variant?: string;
}

/** Opens the C++ executor. Throws no-native when the add-on is missing, stale or lacks the variant. */
export function openNativeExecutor(options: NativeExecutorOptions = {}): Executor {
  const kernels = loadCurrentKernels();
  const { threads = availableParallelism(), variant = kernels.variants[0]! } = options;
  if (!kernels.variants.includes(variant)) {
    throw new AtelierError(
      "no-native",
      `no native kernels of variant "${variant}" for this machine; it can run ${kernels.variants.join(", ")}.`,
    );
  }
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw new AtelierError("bad-argument", `threads: expected a whole number from 1 to 256, got ${threads}.`);
  }
  return {
    name: `native-${variant}`,
    threads,
    matrixUnit: hasMatrixUnit(variant),
    compile: (spec) => translateErrors(() => openSession(kernels, { threads, variant }, spec)),
  };
}

function hasMatrixUnit(variant: string): boolean {
  return variant.startsWith("amx");
}

function loadCurrentKernels(): Kernels {
  let kernels: Kernels;
  try {
    kernels = loadKernels();
  } catch (cause) {
    throw new AtelierError("no-native", cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const mine = JSON.stringify([kernelFields, mapOpcodes]);
  if (JSON.stringify([kernels.kernelFields, kernels.mapOpcodes]) !== mine) {
    throw new AtelierError(
      "no-native",
      "the native kernels were built from other sources than this engine. Run `npm run build:native`.",
    );
  }
  return kernels;
}

interface CompiledGraph {
  readonly program: Program;
  /** The program's number in the native session. */
  readonly number: number;
  readonly rows: number;
}

function openSession(
  kernels: Kernels,
  options: { readonly threads: number; readonly variant: string },
  asked: SessionSpec,
): Session {
  const spec = asked.fixedState ? freeze(asked) : asked;
  const layout = new StateLayout(spec.state, panelStates(spec.state, Object.values(spec.graphs)));
  const target = { matrixUnit: hasMatrixUnit(options.variant), pixelScale: spec.pixelScale };
  const programs = Object.entries(spec.graphs).map(([name, graph]) => ({
    name,
    program: planGraph(graph, layout, target),
    rows: batchSizeOf(graph),
  }));
  const arenaFloats = Math.max(0, ...programs.map(({ program }) => program.arenaFloats));
  const alone = spec.fixedState && programs.every(({ program, rows }) => rows === 1 && isSmall(program));
  const native = kernels.createSession({
    ...options,
    threads: alone ? 1 : options.threads,
    stateFloats: layout.floats,
    arenaFloats,
  });
  try {
    for (const { name, shape, initial } of spec.state)
      native.write(layout.offsetOf(name), layout.isInPanels(name) ? toPanels(initial, shape) : initial);
    for (const { offset, values } of layout.constants) native.write(offset, values);
    const graphs = new Map(
      programs.map(({ name, program, rows }) => {
        const number = native.addProgram({
          words: encodeCalls(program.calls),
          rows,
          images: program.images,
          targets: program.targets,
          scalars: Object.values(program.scalars),
          outputs: Object.values(program.outputs),
        });
        return [name, { program, number, rows }] as const;
      }),
    );
    return new SessionOverKernels(native, layout, spec, graphs);
  } catch (error) {
    native.close();
    throw error;
  }
}

/**
 * Whether a step is so short that a second thread's help costs more than it saves: with one image, cnn-3 (1 MFLOP) takes
 * 0.022 ms on one thread (`atelier plan cnn-3 --evaluate --batch 1 --measure`), 0.029 ms on two. It is not where a product
 * reads many weights, of which each thread keeps half in its own cache: mlp-1024 takes 0.11 ms on one, 0.027 ms on two.
 */
function isSmall(program: Program): boolean {
  const calls = describeProgram(program);
  const flops = calls.reduce((total, call) => total + call.flops, 0);
  return flops < 4e7 && !calls.some(({ kernel, bytes }) => kernel.startsWith("gemm") && bytes > 5e5);
}

class SessionOverKernels implements Session {
  readonly #native: NativeSession;
  readonly #layout: StateLayout;
  readonly #shapes: ReadonlyMap<string, Shape>;
  readonly #graphs: ReadonlyMap<string, CompiledGraph>;
  readonly #datasetKeys = new Map<string, number>();
  readonly #fixedState: boolean;
  readonly #pixelScale: number | undefined;
  #running = false;

  constructor(
    native: NativeSession,
    layout: StateLayout,
    spec: SessionSpec,
    graphs: ReadonlyMap<string, CompiledGraph>,
  ) {
    this.#native = native;
    this.#layout = layout;
    this.#shapes = new Map(spec.state.map(({ name, shape }) => [name, shape]));
    this.#graphs = graphs;
    this.#fixedState = spec.fixedState ?? false;
    this.#pixelScale = spec.pixelScale;
  }

  get sizeBytes(): number {
    return this.#native.sizeBytes;
  }

  upload(key: string, dataset: ImageDataset): void {
    const number = this.#datasetKeys.get(key) ?? this.#datasetKeys.size;
    translateErrors(() =>
      this.#native.upload(number, dataset.images, Int32Array.from(dataset.labels), [
        dataset.size,
        ...dataset.shape,
      ]),
    );
    this.#datasetKeys.set(key, number);
  }

  read(name: string): Float32Array {
    const shape = this.#shapeOf(name);
    const values = translateErrors(() => this.#native.read(this.#layout.offsetOf(name), sizeOf(shape)));
    return this.#layout.isInPanels(name) ? fromPanels(values, shape) : values;
  }

  write(name: string, value: Float32Array): void {
    if (this.#fixedState)
      throw new AtelierError("bad-argument", `state "${name}": is fixed in this session.`);
    const shape = this.#shapeOf(name);
    if (value.length !== sizeOf(shape)) {
      throw new AtelierError(
        "shape-mismatch",
        `state "${name}": expected ${sizeOf(shape)} values, got ${value.length}.`,
      );
    }
    const values = this.#layout.isInPanels(name) ? toPanels(value, shape) : value;
    translateErrors(() => this.#native.write(this.#layout.offsetOf(name), values));
  }

  async run(request: RunRequest): Promise<RunResult> {
    if (this.#running) {
      throw new AtelierError(
        "bad-argument",
        "a session runs one request at a time; wait for the first to end.",
      );
    }
    const abort = () => this.#native.abort();
    this.#running = true;
    try {
      if (request.signal?.aborted)
        return await this.#run({ ...request, order: request.order.subarray(0, 0) });
      request.signal?.addEventListener("abort", abort, { once: true });
      return await this.#run(request);
    } catch (error) {
      throw translated(error);
    } finally {
      this.#running = false;
      request.signal?.removeEventListener("abort", abort);
    }
  }

  close(): void {
    this.#native.close();
  }

  #shapeOf(name: string): Shape {
    const shape = this.#shapes.get(name);
    if (shape === undefined) throw new AtelierError("internal", `the session has no state "${name}".`);
    return shape;
  }

  #graph(name: string): CompiledGraph {
    const graph = this.#graphs.get(name);
    if (graph === undefined) throw new AtelierError("internal", `the session has no graph "${name}".`);
    return graph;
  }

  async #run(request: RunRequest): Promise<RunResult> {
    const { order, scalarNames = [], outputs, onProgress, finiteOutput } = request;
    const dataset = this.#datasetKeys.get(request.dataset);
    if (dataset === undefined)
      throw new AtelierError("internal", `no data set is resident as "${request.dataset}".`);
    const whole = this.#graph(request.graph);
    const hasRest = order.length % whole.rows > 0 && request.restGraph !== undefined;
    const rest = hasRest ? this.#graph(request.restGraph!) : undefined;
    const steps = Math.ceil(order.length / whole.rows);
    const scale = pixelScaleOf(request.normalization, request.augmentation);
    if (this.#pixelScale !== undefined && scale !== this.#pixelScale)
      throw new AtelierError("bad-argument", "a run whose images are not as its session was promised.");
    const mixupColumn = request.augmentation?.mixup ? scalarNames.indexOf("mixupWeight") : -1;
    if (request.augmentation?.mixup && mixupColumn < 0)
      throw new AtelierError("bad-argument", 'mixup needs the scalar "mixupWeight" for each step.');
    if (finiteOutput !== undefined && !outputs.includes(finiteOutput))
      return this.#runWithHiddenOutput({ ...request, finiteOutput });

    const named = (values: readonly number[]) =>
      Object.fromEntries(outputs.map((name, i) => [name, values[i]!]));
    const result = await this.#native.run(
      {
        whole: useOf(whole, scalarNames, outputs),
        rest: rest && useOf(rest, scalarNames, outputs),
        dataset,
        order,
        steps,
        scalars: (request.scalars ?? new Float32Array()).subarray(0, steps * scalarNames.length),
        columns: scalarNames.length,
        mixupColumn: mixupColumn < 0 ? undefined : mixupColumn,
        mean: request.normalization.mean,
        std: request.normalization.std,
        augmentation: nativeAugmentation(request.augmentation),
        seed: request.seed,
        firstStep: request.firstStep,
        epochIndex: request.epochIndex,
        finiteOutput: finiteOutput === undefined ? undefined : outputs.indexOf(finiteOutput),
        measure: request.measure,
      },
      onProgress &&
        (({ stepsDone, rowsDone, sums }) => onProgress({ stepsDone, rowsDone, sums: named(sums) })),
    );
    return {
      stepsDone: result.stepsDone,
      rowsDone: result.rowsDone,
      outputs: Object.fromEntries(outputs.map((name, i) => [name, result.outputs[i]!])),
      end: request.signal?.aborted && order.length === 0 ? "stopped" : result.end,
      seconds: result.seconds,
      ...(request.measure && { callSeconds: result.callSeconds }),
    };
  }

  /** The add-on checks one of the outputs it brings back; the caller did not ask to see this one. */
  async #runWithHiddenOutput(request: RunRequest & { readonly finiteOutput: string }): Promise<RunResult> {
    const result = await this.#run({ ...request, outputs: [...request.outputs, request.finiteOutput] });
    const { [request.finiteOutput]: _, ...outputs } = result.outputs;
    return { ...result, outputs };
  }
}

/** How a program's scalars and outputs correspond to the request's. */
function useOf(
  { program, number }: CompiledGraph,
  scalarNames: readonly string[],
  outputs: readonly string[],
): NativeUse {
  const outputNames = Object.keys(program.outputs);
  return {
    program: number,
    scalarColumns: Object.keys(program.scalars).map((name) => {
      const column = scalarNames.indexOf(name);
      if (column < 0) throw new AtelierError("bad-argument", `the run gives no values for scalar "${name}".`);
      return column;
    }),
    outputs: outputs.map((name) => {
      const index = outputNames.indexOf(name);
      if (index < 0) throw new AtelierError("internal", `the graph has no output "${name}".`);
      return index;
    }),
  };
}

function batchSizeOf(graph: StepGraph): number {
  for (const node of graph.nodes)
    if (node.op === "input" && node.attrs.name === "images") return node.shape[0]!;
  throw new AtelierError("internal", 'a step graph needs an input "images".');
}

function translateErrors<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw translated(error);
  }
}

/** Errors of the add-on as errors of the engine; what it refuses is our mistake, not the user's. */
function translated(error: unknown): unknown {
  if (error instanceof AtelierError || !(error instanceof Error)) return error;
  const { code } = error as { code?: string };
  if (code === "out-of-memory") {
    return new AtelierError("out-of-memory", `${error.message}. Try a smaller batch or model.`, {
      cause: error,
    });
  }
  return code === "bad-argument" || code === "internal"
    ? new AtelierError("internal", error.message, { cause: error })
    : error;
}
