/**
 * From a step graph to a program: simplify → fuse → join → schedule → place → lower. Strategy lives here and in the
 * files beside; executors only carry out. Layouts and convolution algorithms (convolution.ts) are choices of kernel
 * names in lower.ts,
 * so that neither layers nor autodiff know of them.
 */
import { AtelierError } from "../error.ts";
import type { StepGraph } from "../graph/graph.ts";
import { sizeOf } from "../graph/shape.ts";
import { type Lifetime, packArena } from "./arena.ts";
import type { Machine } from "./convolution.ts";
import { Forms } from "./forms.ts";
import { type Analysis, analyze, fuse, type Unit } from "./fuse.ts";
import { joinProducts } from "./join.ts";
import { joinConvolutions } from "./join-convolution.ts";
import { copy, lowerKernel } from "./lower.ts";
import { lowerBlock, lowerBlockGrad } from "./lower-block.ts";
import { lowerMap } from "./lower-map.ts";
import { imagesAsBytes } from "./pixels.ts";
import { type KernelCall, type MapBody, noRef, type Program, type Ref } from "./program.ts";
import { readsOf, resultsOf, schedule, wholeReadsOf } from "./schedule.ts";
import { simplify } from "./simplify.ts";
import type { StateLayout } from "./state-layout.ts";

/** What a program is planned for. */
export interface PlanTarget extends Machine {
  /** As in SessionSpec. */
  readonly pixelScale?: number | undefined;
}

/** The program of `graph`; its constants are added to `layout`. */
export function planGraph(graph: StepGraph, layout: StateLayout, target: PlanTarget): Program {
  const { pixelScale, ...machine } = target;
  const analysis = analyze(simplify(graph), machine);
  const order = schedule(analysis, joinProducts(analysis, joinConvolutions(analysis, fuse(analysis))));
  const { directUpdates, copiedUpdates } = placeUpdates(analysis, order);
  const bytes = pixelScale === undefined ? undefined : imagesAsBytes(analysis, order);
  const forms = new Forms(analysis, order, bytes);
  const { offsets, arenaFloats } = placeValues(analysis, order, forms, directUpdates);

  const at = (id: number): Ref => {
    const { base, offset } = analysis.views[id]!;
    const node = analysis.nodes[base]!;
    const stateName = node.op === "state" ? node.attrs.name : directUpdates.get(base);
    if (stateName !== undefined) return layout.refOf(stateName) - offset;
    if (node.op === "constant") return layout.constantRef(node.attrs.values, sizeOf(node.shape)) - offset;
    return offsets.get(base)! + offset;
  };
  const isInPanels = (id: number): boolean => {
    const node = analysis.nodes[id]!;
    return node.op === "state" && layout.isInPanels(node.attrs.name);
  };
  const shape = (id: number) => analysis.nodes[id]!.shape;
  const calls: KernelCall[] = order.flatMap((unit) => {
    const results = resultsOf(analysis, unit);
    const isLanes = (id: number) => forms.isLanes(id);
    const pixelScaleOf = (id: number) => (forms.isBytes(id) ? pixelScale! : 0);
    const context = { at, shape, machine, isInPanels, isLanes, pixelScale: pixelScaleOf };
    if (unit.kind === "block") return [lowerBlock(unit.block, context)];
    if (unit.kind === "blockGrad") return [lowerBlockGrad(unit.block, unit.gradient, context)];
    if (unit.kind === "map") return [{ kernel: "map", body: lowerMap(analysis, unit, results, at) }];
    if (unit.map === undefined) return lowerKernel(unit, at(unit.result), context);
    const body = lowerMap(analysis, unit.map, results, at, unit.result);
    const panels = unit.map.nodes.some(({ inputs }) => inputs.some(isInPanels));
    return lowerKernel(unit, noRef, context).map((call) => withMap(call, body, panels));
  });
  for (const [name, id] of copiedUpdates) {
    calls.push(copy(at(id), layout.refOf(name), [sizeOf(shape(id))], [1], [1]));
  }

  const inputs = analysis.nodes.filter((node) => node.op === "input" && analysis.live.has(node.id));
  const input = (name: string) => inputs.find((node) => node.op === "input" && node.attrs.name === name);
  const [images, targets] = [input("images"), input("targets")];
  return {
    calls,
    arenaFloats,
    images: images && { ref: at(images.id), shape: images.shape, form: forms.ofImages(images.id) },
    targets: targets && { ref: at(targets.id), shape: targets.shape },
    scalars: Object.fromEntries(
      inputs.flatMap((node) =>
        node.op === "input" && node !== images && node !== targets ? [[node.attrs.name, at(node.id)]] : [],
      ),
    ),
    outputs: Object.fromEntries(
      Object.entries(graph.outputs).map(([name, id]) => [name, { ref: at(id), floats: sizeOf(shape(id)) }]),
    ),
  };
}

/** A gemm that goes on with the expression of `body`. */
function withMap(call: KernelCall, body: MapBody, panels: boolean): KernelCall {
  if (call.kernel !== "gemm")
    throw new AtelierError("internal", `an expression after ${call.kernel}; only gemm takes one.`);
  const { c: _, ...args } = call.args;
  return { kernel: "gemmMap", args: { ...args, panels: Number(panels) }, body };
}

/**
 * Which new state values can be written straight over the old ones: those whose unit is the last to read the
 * old value, and reads it element by element if at all. The others are copied after the last call.
 */
function placeUpdates(analysis: Analysis, order: readonly Unit[]) {
  const { graph, nodes, views } = analysis;
  const directUpdates = new Map<number, string>();
  const copiedUpdates: [name: string, id: number][] = [];
  const makers = new Map(
    order.flatMap((unit, position) => resultsOf(analysis, unit).map((id) => [id, position] as const)),
  );
  const stateNodes = new Map(
    nodes.flatMap((node) => (node.op === "state" ? [[node.attrs.name, node.id] as const] : [])),
  );
  for (const [name, id] of Object.entries(graph.updates)) {
    const { base } = views[id]!;
    const node = nodes[base]!;
    if (node.op === "state" && node.attrs.name === name) continue;
    if (node.op === "state")
      throw new AtelierError("internal", `the update of "${name}" is another state unchanged.`);
    const position = makers.get(base);
    const old = stateNodes.get(name);
    const whole = position !== undefined && sizeOf(node.shape) === sizeOf(nodes[id]!.shape);
    const free =
      whole &&
      order.every((unit, i) => {
        if (old === undefined || i < position || !readsOf(analysis, unit).has(old)) return true;
        return i === position && !wholeReadsOf(analysis, unit).has(old);
      });
    if (free && !directUpdates.has(base)) directUpdates.set(base, name);
    else copiedUpdates.push([name, id]);
  }
  return { directUpdates, copiedUpdates };
}

/** Arena offsets of every value that lives there. Element-wise work may write over an operand that dies in it. */
function placeValues(
  analysis: Analysis,
  order: readonly Unit[],
  forms: Forms,
  directUpdates: ReadonlyMap<number, string>,
) {
  const { nodes, views, live, roots } = analysis;
  const lastRead = new Map<number, number>();
  order.forEach((unit, position) => {
    for (const id of readsOf(analysis, unit)) lastRead.set(id, position);
  });
  // Host outputs and copied updates are read after the last call.
  for (const id of roots) lastRead.set(views[id]!.base, order.length);

  const places: { floats: number; start: number; end: number; members: number[] }[] = [];
  const placeOf = new Map<number, (typeof places)[number]>();
  const add = (id: number, start: number): void => {
    const place = { floats: forms.floatsOf(id), start, end: lastRead.get(id) ?? start, members: [id] };
    places.push(place);
    placeOf.set(id, place);
  };
  for (const node of nodes) if (node.op === "input" && live.has(node.id)) add(node.id, -1);
  order.forEach((unit, position) => {
    const dying = dyingOperands(analysis, unit, (id) => placeOf.get(id)?.end === position);
    for (const id of resultsOf(analysis, unit)) {
      if (directUpdates.has(id)) continue;
      const reused = dying.pop();
      if (reused === undefined) {
        add(id, position);
        continue;
      }
      const place = placeOf.get(reused)!;
      place.end = lastRead.get(id) ?? position;
      place.members.push(id);
      placeOf.set(id, place);
    }
  });
  const packed = packArena(places satisfies readonly Lifetime[]);
  const offsets = new Map(
    places.flatMap((place, i) => place.members.map((id) => [id, packed.offsets[i]!] as const)),
  );
  return { offsets, arenaFloats: packed.floats };
}

/** Operands that nobody needs afterwards and that are read element by element, each before it is written. */
function dyingOperands(analysis: Analysis, unit: Unit, dies: (id: number) => boolean): number[] {
  const count = sizeOf(analysis.nodes[resultsOf(analysis, unit)[0]!]!.shape);
  const whole = wholeReadsOf(analysis, unit);
  return [...readsOf(analysis, unit)].filter(
    (id) => dies(id) && !whole.has(id) && sizeOf(analysis.nodes[id]!.shape) === count,
  );
}
