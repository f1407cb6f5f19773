import { Link } from "@tanstack/react-router";
import type { HTMLAttributes, ReactNode } from "react";
import { ProjectTabs } from "./project-tabs.tsx";
import { TopBar } from "./shell.tsx";

/** What every page of a project stands in; `trail` says where in the project it is, nothing for its runs. */
export function ProjectPage({
  entity,
  project,
  trail = [],
  children,
  ...main
}: HTMLAttributes<HTMLElement> & {
  readonly entity: string;
  readonly project: string;
  readonly trail?: readonly ReactNode[];
}) {
  const here =
    trail.length === 0 ? (
      project
    ) : (
      <Link key="project" to="/projects/$entity/$project" params={{ entity, project }}>
        {project}
      </Link>
    );
  const projects = (
    <Link key="projects" to="/">
      {entity}
    </Link>
  );
  return (
    <>
      <TopBar crumbs={[projects, here, ...trail]} />
      <ProjectTabs entity={entity} project={project} />
      <main id="main" {...main}>
        {children}
      </main>
    </>
  );
}
