import { Link } from "@tanstack/react-router";

/** The pages of a project. */
export function ProjectTabs({ entity, project }: { readonly entity: string; readonly project: string }) {
  const params = { entity, project };
  return (
    <nav className="tabs" aria-label="Project">
      <Link
        to="/projects/$entity/$project"
        params={params}
        activeOptions={{ exact: true, includeSearch: false }}
      >
        Runs
      </Link>
      <Link to="/projects/$entity/$project/compare" params={params} activeOptions={{ includeSearch: false }}>
        Compare
      </Link>
      <Link to="/projects/$entity/$project/data" params={params} activeOptions={{ includeSearch: false }}>
        Data
      </Link>
    </nav>
  );
}
