import type { Project } from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { apiQuery } from "../../api/client.ts";
import { formatAgo, formatNumber, formatTime } from "../../parts/format.ts";
import { Answer, Empty } from "../../parts/states.tsx";
import { TopBar } from "../../shell/shell.tsx";

/** All projects, the most recently used first. */
export function ProjectsPage() {
  const query = useQuery(apiQuery("listProjects", {}));
  return (
    <>
      <TopBar crumbs={["projects"]} />
      <main id="main" className="page stack">
        <h1>Projects</h1>
        <Answer query={query} what="projects">
          {(projects) => (projects.length === 0 ? <NoProjects /> : <ProjectTable projects={projects} />)}
        </Answer>
      </main>
    </>
  );
}

function ProjectTable({ projects }: { readonly projects: readonly Project[] }) {
  return (
    <div className="scroll-x">
      <table className="list">
        <thead>
          <tr>
            <th>project</th>
            <th className="number">runs</th>
            <th>last activity</th>
            <th>created</th>
          </tr>
        </thead>
        <tbody>
          {projects.map(({ entity, name, runCount, updatedAt, createdAt }) => (
            <tr key={`${entity}/${name}`}>
              <td>
                <Link to="/projects/$entity/$project" params={{ entity, project: name }}>
                  {name}
                </Link>
              </td>
              <td className="number">{formatNumber(runCount)}</td>
              <td title={formatTime(updatedAt)}>{formatAgo(updatedAt)}</td>
              <td>{formatTime(createdAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NoProjects() {
  return (
    <Empty title="No run has been recorded yet">
      <p>The first training makes a project of its own:</p>
      <pre>npx atelier train cnn-small</pre>
    </Empty>
  );
}
