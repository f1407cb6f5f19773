import { type Artifact, versionText } from "@atelier/tracker/model";
import { Link } from "@tanstack/react-router";
import { formatAgo, formatBytes, formatNumber, formatTime, formatValue } from "../../parts/format.ts";
import { metricRank } from "../../parts/metric-sense.ts";
import { Tags } from "../../parts/tags.tsx";
import { sizeOf } from "./artifact-size.ts";

/** As many numbers of their metadata stand beside the versions. */
const mostMetrics = 4;
/** As many versions are listed; older ones are in the address's reach. */
const mostVersions = 200;

/** All versions of an artifact, newest first, with the numbers that tell them apart. */
export function VersionTable({
  versions,
  chosen,
}: {
  readonly versions: readonly Artifact[];
  readonly chosen: Artifact;
}) {
  const metrics = metricsOf(versions);
  return (
    <div className="scroll-x">
      <table className="list">
        <thead>
          <tr>
            <th>version</th>
            <th>aliases</th>
            {metrics.map((key) => (
              <th key={key} className="number">
                {key}
              </th>
            ))}
            <th className="number">size</th>
            <th className="number">used by</th>
            <th>made</th>
          </tr>
        </thead>
        <tbody>
          {versions.slice(0, mostVersions).map((artifact) => {
            const { entity, project, name, version, aliases, metadata, usedBy, createdAt } = artifact;
            const text = versionText(version);
            return (
              <tr key={version} className={artifact === chosen ? "chosen" : ""}>
                <td>
                  <Link
                    to="/projects/$entity/$project/artifacts/$name"
                    params={{ entity, project, name }}
                    search={{ version: text }}
                    aria-current={artifact === chosen ? "true" : undefined}
                  >
                    {text}
                  </Link>
                </td>
                <td>
                  <Tags tags={aliases} />
                </td>
                {metrics.map((key) => (
                  <td key={key} className="number">
                    {metadata[key] === undefined ? "" : formatValue(metadata[key])}
                  </td>
                ))}
                <td className="number">{formatBytes(sizeOf(artifact))}</td>
                <td className="number">{usedBy.length === 0 ? "" : formatNumber(usedBy.length)}</td>
                <td title={formatTime(createdAt)}>{formatAgo(createdAt)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {versions.length > mostVersions && (
        <p className="muted">and {formatNumber(versions.length - mostVersions)} older ones</p>
      )}
    </div>
  );
}

/** Numbers that the versions have in common, results on data that was not trained on first. */
function metricsOf(versions: readonly Artifact[]): readonly string[] {
  return Object.entries(versions[0]?.metadata ?? {})
    .filter(([, value]) => typeof value === "number")
    .map(([key]) => key)
    .sort((a, b) => metricRank(a) - metricRank(b))
    .slice(0, mostMetrics);
}
