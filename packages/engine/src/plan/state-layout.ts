/** Where each state and constant lives in a session's block of state. */
import { AtelierError } from "../error.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { aligned } from "./arena.ts";
import type { Ref } from "./program.ts";

/** Grows while programs are planned: constants are added as graphs mention them. */
export class StateLayout {
  readonly #offsets = new Map<string, number>();
  readonly #constants = new Map<string, { readonly offset: number; readonly values: Float32Array }>();
  readonly #panels: ReadonlySet<string>;
  #floats = 0;

  /** Of `states`, those in `panels` lie as panels.ts says. */
  constructor(
    states: readonly { readonly name: string; readonly shape: Shape }[],
    panels: ReadonlySet<string> = new Set(),
  ) {
    this.#panels = panels;
    for (const { name, shape } of states) this.#offsets.set(name, this.#reserve(sizeOf(shape)));
  }

  /** Total size of the block. */
  get floats(): number {
    return this.#floats;
  }

  /** Numbers to be written into the block before the first step. */
  get constants(): readonly { readonly offset: number; readonly values: Float32Array }[] {
    return [...this.#constants.values()];
  }

  /** Offset of a state in the block, in floats. Throws internal for a name the session does not know. */
  offsetOf(name: string): number {
    const offset = this.#offsets.get(name);
    if (offset === undefined)
      throw new AtelierError("internal", `the graph uses state "${name}", which the session does not have.`);
    return offset;
  }

  refOf(name: string): Ref {
    return ~this.offsetOf(name);
  }

  /** Whether a state lies in panels. */
  isInPanels(name: string): boolean {
    return this.#panels.has(name);
  }

  /** A place that holds `values`, shared by equal constants. */
  constantRef(values: readonly number[], count: number): Ref {
    const key = `${count}:${values.join()}`;
    let constant = this.#constants.get(key);
    if (constant === undefined) {
      const filled =
        values.length === 1 ? new Float32Array(count).fill(values[0]!) : Float32Array.from(values);
      constant = { offset: this.#reserve(count), values: filled };
      this.#constants.set(key, constant);
    }
    return ~constant.offset;
  }

  #reserve(floats: number): number {
    const offset = this.#floats;
    this.#floats += aligned(floats);
    return offset;
  }
}
