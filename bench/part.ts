/** What every part of the benchmark is given. */
import type { Executor, ImageDataset } from "@atelier/engine";
import type { Peer } from "./peers/peer.ts";

export interface Workbench {
  readonly train: ImageDataset;
  readonly test: ImageDataset;
  readonly recipes: readonly string[];
  readonly executor: Executor;
  /** CPU variant of its kernels, e.g. "avx512". */
  readonly variant: string;
  /** The same kernels with other threads, or others with the same. */
  readonly open: (options: { readonly threads?: number; readonly variant?: string }) => Executor;
  readonly peers: readonly Peer[];
  /** The same, held to AVX2. */
  readonly avx2Peers: readonly Peer[];
  readonly rounds: number;
  /** Length of a turn. */
  readonly seconds: number;
  readonly report: (line: string) => void;
}

/** A part's numbers, and the same as a text in Markdown. */
export interface Part {
  readonly numbers: unknown;
  readonly text: string;
}
