/**
 * In which form each value lies in memory. Most are as their shape says; the graph's images may be bytes (pixels.ts). What
 * passes between two convolutional blocks, and the images where blocks alone read them, has its images in lanes,
 * [⌈N/16⌉, C, H, W, 16]. Places of maxima in their windows take a byte each there, 16 bits elsewhere.
 */
import { sizeOf } from "../graph/shape.ts";
import { blockGradReads, blockReads, laneImages } from "./blocks.ts";
import type { Analysis, Unit } from "./fuse.ts";
import type { ImageForm } from "./program.ts";
import { readsOf } from "./schedule.ts";

type Form = ImageForm | "index";

/** Form and size of the values of a program. */
export class Forms {
  readonly #analysis: Analysis;
  readonly #forms = new Map<number, Form>();

  /** `bytes`: the graph's images, if they are. */
  constructor(analysis: Analysis, units: readonly Unit[], bytes: number | undefined) {
    this.#analysis = analysis;
    for (const { id, op, attrs } of analysis.nodes)
      if (op === "input" && attrs.name === "images") this.#forms.set(id, id === bytes ? "bytes" : "lanes");
    for (const unit of units) {
      if (unit.kind === "block" && unit.block.kind === "narrow") {
        if (unit.block.index !== undefined) this.#forms.set(unit.block.index, "index");
        this.#forms.set(unit.block.output, "lanes");
      } else if (unit.kind === "blockGrad" && unit.gradient.dx !== undefined) {
        this.#forms.set(unit.gradient.dx, "lanes");
      }
    }
    // A value that anything but a block reads, or a block under another shape, is plain.
    const plain = (id: number) => {
      const { base } = analysis.views[id]!;
      if (this.#forms.get(base) === "lanes") this.#forms.set(base, "plain");
    };
    for (const id of analysis.roots) plain(id);
    for (const unit of units)
      for (const id of blockOperands(unit) ?? readsOf(analysis, unit))
        if (blockOperands(unit) === undefined || analysis.views[id]!.base !== id) plain(id);
  }

  isLanes(id: number): boolean {
    return this.#forms.get(id) === "lanes";
  }

  /** Whether a value, perhaps under another shape, is bytes. */
  isBytes(id: number): boolean {
    return this.#forms.get(this.#analysis.views[id]!.base) === "bytes";
  }

  ofImages(id: number): ImageForm {
    return this.isBytes(id) ? "bytes" : this.isLanes(id) ? "lanes" : "plain";
  }

  /** Floats of the memory of value `id`. */
  floatsOf(id: number): number {
    const { op, shape } = this.#analysis.nodes[id]!;
    const form = this.#forms.get(id);
    if (form === "lanes") return inLanes(shape);
    if (form === "index") return inLanes(shape) / 4;
    if (form === "bytes") return Math.ceil(sizeOf(shape) / 4);
    return op === "maxPool2dIndex" ? Math.ceil(sizeOf(shape) / 2) : sizeOf(shape);
  }
}

/** What a narrow block's kernel reads, by the names it knows; undefined for other units. */
function blockOperands(unit: Unit): readonly number[] | undefined {
  if ((unit.kind === "block" || unit.kind === "blockGrad") && unit.block.kind !== "narrow") return undefined;
  if (unit.kind === "block") return blockReads(unit.block);
  return unit.kind === "blockGrad" ? blockGradReads(unit.block, unit.gradient) : undefined;
}

function inLanes(shape: readonly number[]): number {
  return Math.ceil(shape[0]! / laneImages) * laneImages * sizeOf(shape.slice(1));
}
