/** The lineage of a version as a drawing: runs and versions in columns, joined from left to right. */
import { type Artifact, versionText } from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { apiQuery } from "../../api/client.ts";
import { formatNumber } from "../../parts/format.ts";
import { RunStateMark } from "../../parts/run-state.tsx";
import type { Lineage, LineageNode } from "./lineage.ts";
import "./lineage-graph.css";

/** In CSS pixels. */
const [nodeWidth, nodeHeight, nodeGap, columnGap, titleHeight] = [176, 44, 10, 48, 26];

export function LineageGraph({
  lineage: { columns, links },
  current,
}: {
  readonly lineage: Lineage;
  readonly current: Artifact;
}) {
  const lines = columns.map(({ nodes, moreCount }) => nodes.length + (moreCount > 0 ? 0.6 : 0));
  const height = titleHeight + Math.max(...lines) * (nodeHeight + nodeGap) - nodeGap;
  const left = (column: number) => column * (nodeWidth + columnGap);
  const middle = (at: number) => titleHeight + at * (nodeHeight + nodeGap) + nodeHeight / 2;
  const width = left(columns.length) - columnGap;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="scroll-x" aria-label="Lineage" tabIndex={0}>
      <div className="lineage" style={{ width, height }}>
        <svg width={width} height={height} aria-hidden="true">
          {links.map(({ column, from, to }) => {
            const [x, y] = [left(column) + nodeWidth, middle(from)];
            const [endX, endY] = [left(column + 1), middle(to)];
            const bend = columnGap / 2;
            return (
              <path
                key={`${column} ${from} ${to}`}
                d={`M${x} ${y}C${x + bend} ${y} ${endX - bend} ${endY} ${endX - 4} ${endY}m-5 -4l5 4l-5 4`}
              />
            );
          })}
        </svg>
        {columns.map(({ title, nodes, moreCount }, column) => (
          <div key={title} style={{ left: left(column), width: nodeWidth }}>
            <h3 className="muted small">{title}</h3>
            <ul style={{ top: titleHeight, gap: nodeGap }}>
              {nodes.map((node) => (
                <li key={keyOf(node)} style={{ height: nodeHeight }}>
                  {node.kind === "run" ? (
                    <RunNode runId={node.runId} />
                  ) : (
                    <ArtifactNode artifact={node.artifact} isCurrent={node.artifact === current} />
                  )}
                </li>
              ))}
              {moreCount > 0 && <li className="muted small">and {formatNumber(moreCount)} more</li>}
            </ul>
          </div>
        ))}
      </div>
    </section>
  );
}

function keyOf(node: LineageNode): string {
  return node.kind === "run" ? node.runId : `${node.artifact.name} ${node.artifact.version}`;
}

function RunNode({ runId }: { readonly runId: string }) {
  const { data: run, error } = useQuery(apiQuery("getRun", { parameters: { runId } }));
  if (error) {
    return (
      <span className="node gone">
        <span className="cut">{runId}</span>
        <span className="muted small">run, deleted</span>
      </span>
    );
  }
  return (
    <Link className="node" data-kind="run" to="/runs/$runId" params={{ runId }} title={run?.name}>
      <span className="cut">{run?.name ?? runId}</span>
      <span className="muted small">
        run {run && <RunStateMark state={run.state} />} {run?.jobType}
      </span>
    </Link>
  );
}

function ArtifactNode({ artifact, isCurrent }: { readonly artifact: Artifact; readonly isCurrent: boolean }) {
  const { entity, project, name, version, type, aliases } = artifact;
  const text = versionText(version);
  return (
    <Link
      className="node"
      data-kind="artifact"
      data-current={isCurrent}
      to="/projects/$entity/$project/artifacts/$name"
      params={{ entity, project, name }}
      search={{ version: text }}
      title={`${name}:${text}`}
    >
      <span className="cut">
        {name}:{text}
      </span>
      <span className="muted small cut">{[type, ...aliases].join(", ")}</span>
    </Link>
  );
}
