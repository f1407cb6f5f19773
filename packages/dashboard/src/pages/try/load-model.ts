/** A run's model as it answers in the browser: ONNX, by WebAssembly that this server holds. Nothing leaves the machine. */
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import * as ort from "onnxruntime-web/wasm";
import { api } from "../../api/client.ts";

/** A model that answers. */
export interface LiveModel {
  /** Probabilities of the classes for the pixels of one image, [H, W, C] as bytes. */
  answer(
    pixels: Uint8Array,
  ): Promise<{ readonly probabilities: Float32Array; readonly milliseconds: number }>;
  close(): Promise<void>;
}

/** Loads the model of a run. Rejects with the server's sentence when the run has none. */
export async function loadModel(runId: string, input: readonly [number, number, number]): Promise<LiveModel> {
  ort.env.wasm.wasmPaths = { wasm: wasmUrl };
  ort.env.wasm.numThreads = 1; // more need cross-origin isolation, and small images do not need more
  const response = await api.send("exportModel", { parameters: { runId } });
  const session = await ort.InferenceSession.create(new Uint8Array(await response.arrayBuffer()));
  let last: Promise<unknown> = Promise.resolve(); // a session answers one question at a time
  return {
    answer: (pixels) => {
      const next = last.then(async () => {
        const began = performance.now();
        const { probabilities } = await session.run({
          images: new ort.Tensor("uint8", pixels, [1, ...input]),
        });
        return {
          probabilities: (await probabilities!.getData()) as Float32Array,
          milliseconds: performance.now() - began,
        };
      });
      last = next.catch(() => {});
      return next;
    },
    close: () => session.release(),
  };
}
