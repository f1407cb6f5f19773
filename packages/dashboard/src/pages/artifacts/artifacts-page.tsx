import { type Artifact, versionText } from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { apiQuery } from "../../api/client.ts";
import { formatAgo, formatBytes, formatNumber, formatTime } from "../../parts/format.ts";
import { Answer, Empty } from "../../parts/states.tsx";
import { Tags } from "../../parts/tags.tsx";
import { ProjectPage } from "../../shell/project-page.tsx";
import { sizeOf } from "./artifact-size.ts";

const route = getRouteApi("/projects/$entity/$project/artifacts");

/** The artifacts that the runs of a project made, each with its newest version. */
export function ArtifactsPage() {
  const scope = route.useParams();
  const query = useQuery(apiQuery("listArtifacts", { query: scope }));
  return (
    <ProjectPage {...scope} trail={["artifacts"]} className="page stack">
      <h1>Artifacts</h1>
      <Answer query={query} what="artifacts">
        {(all) =>
          all.length === 0 ? (
            <Empty title="No run of this project has made an artifact">
              <p>Trainings keep their models as artifacts; programs log any files:</p>
              <pre>{'run.logArtifact({ type: "dataset", name: "cleaned", files })'}</pre>
            </Empty>
          ) : (
            <ArtifactTable all={all} />
          )
        }
      </Answer>
    </ProjectPage>
  );
}

/** `all` comes with the newest versions first. */
function ArtifactTable({ all }: { readonly all: readonly Artifact[] }) {
  const byName = Map.groupBy(all, ({ name }) => name);
  return (
    <div className="scroll-x">
      <table className="list">
        <thead>
          <tr>
            <th>artifact</th>
            <th>type</th>
            <th className="number">versions</th>
            <th>newest</th>
            <th>aliases</th>
            <th className="number">size</th>
            <th>made</th>
          </tr>
        </thead>
        <tbody>
          {[...byName].map(([name, versions]) => {
            const newest = versions.reduce((a, b) => (b.version > a.version ? b : a));
            const { entity, project, type, createdAt } = newest;
            const aliases = new Set(versions.flatMap((version) => version.aliases));
            return (
              <tr key={name}>
                <td>
                  <Link
                    to="/projects/$entity/$project/artifacts/$name"
                    params={{ entity, project, name }}
                    search={{}}
                  >
                    {name}
                  </Link>
                </td>
                <td>{type}</td>
                <td className="number">{formatNumber(versions.length)}</td>
                <td>{versionText(newest.version)}</td>
                <td>
                  <Tags tags={[...aliases].sort()} />
                </td>
                <td className="number">{formatBytes(sizeOf(newest))}</td>
                <td title={formatTime(createdAt)}>{formatAgo(createdAt)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
