import { apiPath } from "@atelier/tracker/api";
import { type Artifact, versionText } from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { apiQuery } from "../../api/client.ts";
import { ConfigTable } from "../../parts/config-table.tsx";
import { Facts } from "../../parts/facts.tsx";
import { FileList } from "../../parts/file-list.tsx";
import { countOf, formatAgo, formatBytes, formatTime } from "../../parts/format.ts";
import { Answer, Empty } from "../../parts/states.tsx";
import { Tags } from "../../parts/tags.tsx";
import { ProjectPage } from "../../shell/project-page.tsx";
import { sizeOf } from "./artifact-size.ts";
import { lineageOf } from "./lineage.ts";
import { LineageGraph } from "./lineage-graph.tsx";
import { VersionTable } from "./version-table.tsx";
import "./artifact-page.css";

const route = getRouteApi("/projects/$entity/$project/artifacts/$name");

/** One artifact: a version with its files and its lineage, and all the other versions. */
export function ArtifactPage() {
  const { entity, project, name } = route.useParams();
  const { version } = route.useSearch();
  const query = useQuery(apiQuery("listArtifacts", { query: { entity, project } }));
  const list = (
    <Link key="artifacts" to="/projects/$entity/$project/artifacts" params={{ entity, project }}>
      artifacts
    </Link>
  );
  return (
    <ProjectPage entity={entity} project={project} trail={[list, name]} className="page artifact">
      <h1>{name}</h1>
      <Answer query={query} what="the artifact">
        {(all) => {
          const versions = all.filter((one) => one.name === name).sort((a, b) => b.version - a.version);
          const wanted = version ?? "latest";
          const chosen = versions.find(
            (one) => versionText(one.version) === wanted || one.aliases.includes(wanted),
          );
          if (!chosen)
            return (
              <Empty
                title={versions.length === 0 ? "There is no such artifact" : `There is no version ${wanted}`}
              />
            );
          return <Version artifact={chosen} versions={versions} all={all} />;
        }}
      </Answer>
    </ProjectPage>
  );
}

function Version({
  artifact,
  versions,
  all,
}: {
  readonly artifact: Artifact;
  readonly versions: readonly Artifact[];
  readonly all: readonly Artifact[];
}) {
  const { type, version, aliases, description, metadata, files, createdAt, usedBy, digest } = artifact;
  const lineage = useMemo(() => lineageOf(artifact, all), [artifact, all]);
  return (
    <>
      <section className="stack">
        {aliases.length > 0 && <Tags tags={aliases} />}
        {description !== "" && <p>{description}</p>}
        <Facts
          facts={[
            { name: "version", value: versionText(version), note: `of ${versions.length}` },
            { name: "type", value: type },
            { name: "size", value: formatBytes(sizeOf(artifact)), note: countOf(files.length, "file") },
            { name: "made", value: formatAgo(createdAt), note: formatTime(createdAt) },
            { name: "used by", value: countOf(usedBy.length, "run") },
            { name: "digest", value: digest.slice(0, 8) },
          ]}
        />
      </section>
      <section className="stack">
        <h2>Lineage</h2>
        <LineageGraph lineage={lineage} current={artifact} />
      </section>
      <section className="stack">
        <h2>Versions</h2>
        <VersionTable versions={versions} chosen={artifact} />
      </section>
      <section className="stack">
        <h2>Files</h2>
        <FileList files={files} addressOf={({ sha256 }) => apiPath("readBlob", { parameters: { sha256 } })} />
      </section>
      {Object.keys(metadata).length > 0 && (
        <section className="stack">
          <h2>Metadata</h2>
          <ConfigTable config={metadata} />
        </section>
      )}
    </>
  );
}
