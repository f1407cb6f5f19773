/** The oracle behind the executor contract: correct and slow. It yields to the event loop between steps. */
import { setImmediate } from "node:timers/promises";
import { AtelierError } from "../../error.ts";
import type { StepGraph } from "../../graph/graph.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { ImageDataset } from "../../train/dataset.ts";
import type { Executor, RunRequest, RunResult, Session, SessionSpec } from "../executor.ts";
import { evaluateGraph } from "./evaluate.ts";
import { gatherBatch } from "./gather.ts";

/** An executor in plain TypeScript; for small things and as the truth other executors are held against. */
export function openReferenceExecutor(): Executor {
  return { name: "reference", threads: 1, matrixUnit: false, compile: (spec) => new ReferenceSession(spec) };
}

class ReferenceSession implements Session {
  readonly #graphs: Readonly<Record<string, StepGraph>>;
  readonly #state: Map<string, Float32Array>;
  readonly #datasets = new Map<string, ImageDataset>();
  readonly #fixedState: boolean;
  #running = false;

  constructor(spec: SessionSpec) {
    this.#graphs = spec.graphs;
    this.#fixedState = spec.fixedState ?? false;
    this.#state = new Map(spec.state.map(({ name, initial }) => [name, Float32Array.from(initial)]));
  }

  get sizeBytes(): number {
    const states = [...this.#state.values()].reduce((bytes, value) => bytes + value.byteLength, 0);
    return [...this.#datasets.values()].reduce(
      (bytes, { images, labels }) => bytes + images.byteLength + labels.byteLength,
      states,
    );
  }

  upload(key: string, dataset: ImageDataset): void {
    this.#datasets.set(key, dataset);
  }

  read(name: string): Float32Array {
    return Float32Array.from(this.#stateOf(name));
  }

  write(name: string, value: Float32Array): void {
    if (this.#fixedState)
      throw new AtelierError("bad-argument", `state "${name}": is fixed in this session.`);
    const state = this.#stateOf(name);
    if (value.length !== state.length) {
      throw new AtelierError(
        "shape-mismatch",
        `state "${name}": expected ${state.length} values, got ${value.length}.`,
      );
    }
    state.set(value);
  }

  async run(request: RunRequest): Promise<RunResult> {
    if (this.#running)
      throw new AtelierError(
        "bad-argument",
        "a session runs one request at a time; wait for the first to end.",
      );
    this.#running = true;
    try {
      return await this.#run(request);
    } finally {
      this.#running = false;
    }
  }

  close(): void {
    this.#state.clear();
    this.#datasets.clear();
  }

  #stateOf(name: string): Float32Array {
    const value = this.#state.get(name);
    if (value === undefined) throw new AtelierError("internal", `the session has no state "${name}".`);
    return value;
  }

  async #run(request: RunRequest): Promise<RunResult> {
    const { order, scalarNames = [], scalars = new Float32Array(), signal, onProgress } = request;
    const started = performance.now();
    const collected = new Map(request.outputs.map((name) => [name, [] as number[]]));
    const sums: Record<string, number> = Object.fromEntries(request.outputs.map((name) => [name, 0]));
    const whole = this.#graph(request.graph);
    const batchSize = batchSizeOf(whole);
    let stepsDone = 0;
    let rowsDone = 0;
    let end: RunResult["end"] = "done";
    while (rowsDone < order.length) {
      if (signal?.aborted) {
        end = "stopped";
        break;
      }
      const indices = order.subarray(rowsDone, rowsDone + batchSize);
      const graph = indices.length === batchSize ? whole : this.#graph(request.restGraph ?? request.graph);
      if (batchSizeOf(graph) !== indices.length) {
        throw new AtelierError(
          "internal",
          `a batch of ${indices.length} rows for a graph of ${batchSizeOf(graph)}.`,
        );
      }
      const row = Object.fromEntries(
        scalarNames.map((name, i) => [name, scalars[stepsDone * scalarNames.length + i]!]),
      );
      const values = this.#evaluate(graph, request, indices, row, request.firstStep + stepsDone);
      const checked =
        request.finiteOutput === undefined ? [0] : values[graph.outputs[request.finiteOutput]!]!;
      if (!checked.every(Number.isFinite)) {
        end = "not-finite";
        break;
      }
      for (const [name, id] of Object.entries(graph.updates)) this.#stateOf(name).set(values[id]!);
      for (const name of request.outputs) {
        for (const value of values[graph.outputs[name]!]!) {
          collected.get(name)!.push(value);
          sums[name]! += value;
        }
      }
      stepsDone++;
      rowsDone += indices.length;
      await setImmediate();
      onProgress?.({ stepsDone, rowsDone, sums: { ...sums } });
    }
    return {
      stepsDone,
      rowsDone,
      outputs: Object.fromEntries([...collected].map(([name, values]) => [name, Float32Array.from(values)])),
      end,
      seconds: (performance.now() - started) / 1000,
    };
  }

  #graph(name: string): StepGraph {
    const graph = this.#graphs[name];
    if (graph === undefined) throw new AtelierError("internal", `the session has no graph "${name}".`);
    return graph;
  }

  #evaluate(
    graph: StepGraph,
    request: RunRequest,
    indices: Int32Array,
    row: Record<string, number>,
    step: number,
  ): Float64Array[] {
    const dataset = this.#datasets.get(request.dataset);
    if (dataset === undefined)
      throw new AtelierError("internal", `no data set is resident as "${request.dataset}".`);
    const { images, targets } = gatherBatch({
      dataset,
      indices,
      normalization: request.normalization,
      ...(request.augmentation && { augmentation: request.augmentation }),
      seed: request.seed,
      step,
      epochIndex: request.epochIndex,
      mixupWeight: row.mixupWeight ?? 1,
      classes: classesOf(graph) ?? dataset.classNames.length,
    });
    const inputs = {
      images,
      targets,
      ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, [value]])),
    };
    return evaluateGraph(graph, { inputs, state: Object.fromEntries(this.#state), seed: request.seed, step });
  }
}

function batchSizeOf(graph: StepGraph): number {
  for (const node of graph.nodes)
    if (node.op === "input" && node.attrs.name === "images") return node.shape[0]!;
  throw new AtelierError("internal", 'a step graph needs an input "images".');
}

function classesOf(graph: StepGraph): number | undefined {
  for (const node of graph.nodes)
    if (node.op === "input" && node.attrs.name === "targets") return sizeOf(node.shape.slice(1));
  return undefined;
}
