import { apiPath } from "@atelier/tracker/api";
import { versionText } from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { apiQuery } from "../../api/client.ts";
import { formatBytes } from "../../parts/format.ts";
import { Answer, Empty } from "../../parts/states.tsx";

const route = getRouteApi("/runs/$runId/files");

/** The files that the run kept, its artifacts, and its history as a file. */
export function FilesPage() {
  const { runId } = route.useParams();
  const parameters = { runId };
  const files = useQuery(apiQuery("listFiles", { parameters }));
  const artifacts = useQuery(apiQuery("listRunArtifacts", { parameters }));
  return (
    <div className="page stack" style={{ gap: 28 }}>
      <section className="stack">
        <h2>Files</h2>
        <Answer query={files} what="files">
          {(found) =>
            found.length === 0 ? (
              <Empty title="This run has kept no files" />
            ) : (
              <div className="scroll-x">
                <table>
                  <thead>
                    <tr>
                      <th>path</th>
                      <th className="number">size</th>
                      <th>SHA-256</th>
                    </tr>
                  </thead>
                  <tbody>
                    {found.map(({ path, sizeBytes, sha256 }) => (
                      <tr key={path}>
                        <td>
                          <a
                            href={apiPath("readFile", { parameters: { runId, "*": path } })}
                            download={path.split("/").at(-1)}
                          >
                            {path}
                          </a>
                        </td>
                        <td className="number">{formatBytes(sizeBytes)}</td>
                        <td className="mono muted" title={sha256}>
                          {sha256.slice(0, 16)}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Answer>
      </section>
      <section className="stack">
        <h2>Artifacts</h2>
        <Answer query={artifacts} what="artifacts">
          {(found) =>
            found.length === 0 ? (
              <p className="muted">None made or used by this run.</p>
            ) : (
              <div className="scroll-x">
                <table>
                  <thead>
                    <tr>
                      <th>name</th>
                      <th>version</th>
                      <th>type</th>
                      <th>aliases</th>
                      <th>this run</th>
                      <th className="number">size</th>
                    </tr>
                  </thead>
                  <tbody>
                    {found.map(({ name, version, type, aliases, producedBy, files: parts }) => (
                      <tr key={`${name} ${version}`}>
                        <td>{name}</td>
                        <td>{versionText(version)}</td>
                        <td>{type}</td>
                        <td>{aliases.join(", ")}</td>
                        <td>{producedBy === runId ? "made it" : "used it"}</td>
                        <td className="number">
                          {formatBytes(parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Answer>
      </section>
      <section className="stack">
        <h2>History</h2>
        <p className="muted">Everything that was logged, every value of it.</p>
        <span className="row">
          {["jsonl", "csv", "parquet"].map((format) => (
            <a
              key={format}
              className="button"
              href={apiPath("exportHistory", { parameters: { runId, format } })}
              download
            >
              {format === "jsonl" ? "JSONL" : format === "csv" ? "CSV" : "Parquet"}
            </a>
          ))}
        </span>
      </section>
    </div>
  );
}
