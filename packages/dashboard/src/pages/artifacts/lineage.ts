/** Where a version of an artifact comes from and where it went: the runs and versions one and two steps away. */
import type { Artifact } from "@atelier/tracker/model";

export type LineageNode =
  | { readonly kind: "artifact"; readonly artifact: Artifact }
  | { readonly kind: "run"; readonly runId: string };

/** Nodes that stand in the same relation to the version. */
export interface LineageColumn {
  readonly title: string;
  readonly nodes: readonly LineageNode[];
  /** How many more there are. */
  readonly moreCount: number;
}

export interface Lineage {
  /** From what came before to what came after; those without nodes are left out. */
  readonly columns: readonly LineageColumn[];
  /** Between nodes of neighbouring columns, by their places. */
  readonly links: readonly { readonly column: number; readonly from: number; readonly to: number }[];
}

/** More nodes of a column than this are only counted. */
const mostNodes = 6;

/** The lineage of `artifact` among all versions of its project. */
export function lineageOf(artifact: Artifact, all: readonly Artifact[]): Lineage {
  const { producedBy, usedBy } = artifact;
  const makers = new Set(all.map((other) => other.producedBy));
  const users = usedBy
    .filter((runId) => runId !== producedBy)
    .sort((a, b) => Number(makers.has(b)) - Number(makers.has(a))); // those that something came of stay in sight
  const columns = [
    column(
      "what it was made from",
      all.filter((other) => other.usedBy.includes(producedBy) && other !== artifact),
    ),
    column("made by", [producedBy]),
    column("this version", [artifact]),
    column("used by", users),
    column(
      "made from it",
      all.filter((other) => users.includes(other.producedBy)),
    ),
  ].filter(({ nodes }) => nodes.length > 0);
  const links = columns
    .slice(1)
    .flatMap(({ nodes }, at) =>
      columns[at]!.nodes.flatMap((before, from) =>
        nodes.flatMap((after, to) => (leadsTo(before, after) ? [{ column: at, from, to }] : [])),
      ),
    );
  return { columns, links };
}

function column(title: string, entries: readonly (Artifact | string)[]): LineageColumn {
  const nodes = entries
    .slice(0, mostNodes)
    .map(
      (entry): LineageNode =>
        typeof entry === "string" ? { kind: "run", runId: entry } : { kind: "artifact", artifact: entry },
    );
  return { title, nodes, moreCount: entries.length - nodes.length };
}

function leadsTo(before: LineageNode, after: LineageNode): boolean {
  if (before.kind === "artifact") return after.kind === "run" && before.artifact.usedBy.includes(after.runId);
  return after.kind === "artifact" && after.artifact.producedBy === before.runId;
}
