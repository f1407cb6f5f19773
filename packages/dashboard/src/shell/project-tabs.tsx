import { Link } from "@tanstack/react-router";
import { Tabs } from "./tabs.tsx";

/** The pages of a project. */
export function ProjectTabs({ entity, project }: { readonly entity: string; readonly project: string }) {
  const params = { entity, project };
  return (
    <Tabs label="Project">
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
      <Link to="/projects/$entity/$project/artifacts" params={params}>
        Artifacts
      </Link>
    </Tabs>
  );
}
