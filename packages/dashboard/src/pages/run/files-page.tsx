import { apiPath } from "@atelier/tracker/api";
import { versionText } from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { apiQuery } from "../../api/client.ts";
import { FileList } from "../../parts/file-list.tsx";
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
              <FileList
                files={found}
                addressOf={({ path }) => apiPath("readFile", { parameters: { runId, "*": path } })}
              />
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
                <table className="list">
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
                    {found.map(
                      ({ entity, project, name, version, type, aliases, producedBy, files: parts }) => (
                        <tr key={`${name} ${version}`}>
                          <td>
                            <Link
                              to="/projects/$entity/$project/artifacts/$name"
                              params={{ entity, project, name }}
                              search={{ version: versionText(version) }}
                            >
                              {name}
                            </Link>
                          </td>
                          <td>{versionText(version)}</td>
                          <td>{type}</td>
                          <td>{aliases.join(", ")}</td>
                          <td>{producedBy === runId ? "made it" : "used it"}</td>
                          <td className="number">
                            {formatBytes(parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))}
                          </td>
                        </tr>
                      ),
                    )}
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
