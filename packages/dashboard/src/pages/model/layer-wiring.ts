/** Which layers read which, for drawing: lines that pass other layers by run in lanes of their own. */
import type { LayerDescription } from "@atelier/tracker/api";

/** A line past other layers; -1 is the input. */
export interface Bypass {
  readonly from: number;
  readonly to: number;
  /** Counted from the layers outwards. */
  readonly lane: number;
}

export interface Wiring {
  /** Whether each layer reads the one right before it. */
  readonly readsPrevious: readonly boolean[];
  readonly bypasses: readonly Bypass[];
  readonly laneCount: number;
}

/** Short lines get inner lanes, and no two lines of a lane overlap. */
export function wiringOf(layers: readonly Pick<LayerDescription, "name" | "from">[]): Wiring {
  const places = new Map([["input", -1], ...layers.map(({ name }, at) => [name, at] as const)]);
  const readsPrevious: boolean[] = [];
  const lines: { from: number; to: number }[] = [];
  layers.forEach(({ from }, to) => {
    const sources = [...new Set(from.map((name) => places.get(name) ?? to - 1))];
    readsPrevious.push(sources.includes(to - 1));
    for (const source of sources) if (source !== to - 1) lines.push({ from: source, to });
  });
  const lanes: { from: number; to: number }[][] = [];
  const bypasses = lines
    .sort((a, b) => a.to - a.from - (b.to - b.from) || a.from - b.from)
    .map((line): Bypass => {
      let lane = lanes.findIndex((taken) =>
        taken.every(({ from, to }) => line.to <= from || line.from >= to),
      );
      if (lane === -1) lane = lanes.push([]) - 1;
      lanes[lane]!.push(line);
      return { ...line, lane };
    });
  return { readsPrevious, bypasses, laneCount: lanes.length };
}
