/** Every address of the dashboard and the page it shows. Pages are loaded when first opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  Link,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import { useLiveAnswers } from "./api/live.ts";
import { chartSearch } from "./charts/chart-settings.ts";
import { artifactSearch } from "./pages/artifacts/artifact-search.ts";
import { compareSearch } from "./pages/compare/compare-search.ts";
import { dataSearch } from "./pages/data/data-search.ts";
import { evaluationSearch } from "./pages/evaluation/evaluation-search.ts";
import { runsSearch } from "./pages/runs/runs-search.ts";
import { Empty, Failed } from "./parts/states.tsx";
import { Shell, TopBar } from "./shell/shell.tsx";

function App() {
  const isCutOff = useLiveAnswers();
  return (
    <Shell>
      {isCutOff && (
        <p className="cut-off" role="status">
          The server does not answer. What is shown may be old; it goes on by itself when the server is back.
        </p>
      )}
      <Outlet />
    </Shell>
  );
}

const root = createRootRoute({
  component: App,
  notFoundComponent: () => (
    <>
      <TopBar crumbs={["not found"]} />
      <main id="main">
        <Empty title="There is no page at this address">
          <Link to="/">All projects</Link>
        </Empty>
      </main>
    </>
  ),
  errorComponent: ({ error, reset }) => (
    <Shell>
      <TopBar crumbs={["error"]} />
      <main id="main">
        <Failed error={error as Error} onRetry={reset} />
      </main>
    </Shell>
  ),
});

const projects = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/projects/projects-page.tsx"), "ProjectsPage"),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/projects/$entity/$project",
  validateSearch: runsSearch,
  component: lazyRouteComponent(() => import("./pages/runs/runs-page.tsx"), "RunsPage"),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/projects/$entity/$project/compare",
  validateSearch: compareSearch,
  component: lazyRouteComponent(() => import("./pages/compare/compare-page.tsx"), "ComparePage"),
});

const data = createRoute({
  getParentRoute: () => root,
  path: "/projects/$entity/$project/data",
  validateSearch: dataSearch,
  component: lazyRouteComponent(() => import("./pages/data/data-page.tsx"), "DataPage"),
});

const artifacts = createRoute({
  getParentRoute: () => root,
  path: "/projects/$entity/$project/artifacts",
  component: lazyRouteComponent(() => import("./pages/artifacts/artifacts-page.tsx"), "ArtifactsPage"),
});

const artifact = createRoute({
  getParentRoute: () => root,
  path: "/projects/$entity/$project/artifacts/$name",
  validateSearch: artifactSearch,
  component: lazyRouteComponent(() => import("./pages/artifacts/artifact-page.tsx"), "ArtifactPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  component: lazyRouteComponent(() => import("./pages/run/run-layout.tsx"), "RunLayout"),
});

const runPages = [
  createRoute({
    getParentRoute: () => run,
    path: "/",
    component: lazyRouteComponent(() => import("./pages/run/overview-page.tsx"), "OverviewPage"),
  }),
  createRoute({
    getParentRoute: () => run,
    path: "/charts",
    validateSearch: chartSearch,
    component: lazyRouteComponent(() => import("./pages/run/charts-page.tsx"), "ChartsPage"),
  }),
  createRoute({
    getParentRoute: () => run,
    path: "/system",
    validateSearch: chartSearch,
    component: lazyRouteComponent(() => import("./pages/run/charts-page.tsx"), "SystemPage"),
  }),
  createRoute({
    getParentRoute: () => run,
    path: "/console",
    component: lazyRouteComponent(() => import("./pages/run/console-page.tsx"), "ConsolePage"),
  }),
  createRoute({
    getParentRoute: () => run,
    path: "/files",
    component: lazyRouteComponent(() => import("./pages/run/files-page.tsx"), "FilesPage"),
  }),
  createRoute({
    getParentRoute: () => run,
    path: "/model",
    component: lazyRouteComponent(() => import("./pages/model/model-page.tsx"), "ModelPage"),
  }),
  createRoute({
    getParentRoute: () => run,
    path: "/evaluation",
    validateSearch: evaluationSearch,
    component: lazyRouteComponent(() => import("./pages/evaluation/evaluation-page.tsx"), "EvaluationPage"),
  }),
  createRoute({
    getParentRoute: () => run,
    path: "/try",
    component: lazyRouteComponent(() => import("./pages/try/try-page.tsx"), "TryPage"),
  }),
] as const;

const routeTree = root.addChildren([
  projects,
  runs,
  compare,
  data,
  artifacts,
  artifact,
  run.addChildren(runPages),
]);

/** The router; search parameters are plain text, so that links can be read. */
export function createAppRouter() {
  return createRouter({
    routeTree,
    defaultPreload: "intent",
    scrollRestoration: true,
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: (search) => {
      const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
      return given.length === 0
        ? ""
        : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
    },
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
