import type { Run } from "@atelier/tracker/model";
import { durationMs } from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Outlet } from "@tanstack/react-router";
import { apiQuery } from "../../api/client.ts";
import { formatDuration, formatTime } from "../../parts/format.ts";
import { RunStateMark } from "../../parts/run-state.tsx";
import { Answer, Empty, isGone } from "../../parts/states.tsx";
import { TopBar } from "../../shell/shell.tsx";
import { Tabs } from "../../shell/tabs.tsx";
import "./run-layout.css";

const route = getRouteApi("/runs/$runId");

/** The heading and tabs that all pages of a run share. */
export function RunLayout() {
  const { runId } = route.useParams();
  const query = useQuery(apiQuery("getRun", { parameters: { runId } }));
  const run = query.data;
  return (
    <>
      <TopBar
        crumbs={
          run
            ? [
                <Link key="project" to="/projects/$entity/$project" params={run}>
                  {run.project}
                </Link>,
                run.name,
              ]
            : ["run"]
        }
      />
      {run && isGone(query.error) ? (
        <main id="main">
          <Empty title={`${run.name} has been deleted`}>
            <Link to="/projects/$entity/$project" params={run}>
              Other runs of {run.project}
            </Link>
          </Empty>
        </main>
      ) : (
        <>
          {run && <RunTabs run={run} />}
          <main id="main">
            <Answer query={query} what="the run">
              {() => <Outlet />}
            </Answer>
          </main>
        </>
      )}
    </>
  );
}

function RunTabs({ run }: { readonly run: Run }) {
  const params = { runId: run.id };
  return (
    <>
      <div className="run-heading">
        <h1>{run.name}</h1>
        <span className="row">
          <RunStateMark state={run.state} /> {run.state}
        </span>
        <span className="muted">{formatTime(run.createdAt)}</span>
        <span className="muted">{formatDuration(durationMs(run))}</span>
        <span className="muted mono">{run.id}</span>
      </div>
      {run.error !== undefined && run.error !== null && (
        <p className="run-error" role="alert">
          {run.error}
        </p>
      )}
      <Tabs label="Run">
        <Link to="/runs/$runId" params={params} activeOptions={{ exact: true, includeSearch: false }}>
          Overview
        </Link>
        <Link to="/runs/$runId/charts" params={params} activeOptions={{ includeSearch: false }}>
          Charts
        </Link>
        <Link to="/runs/$runId/evaluation" params={params} activeOptions={{ includeSearch: false }}>
          Evaluation
        </Link>
        <Link to="/runs/$runId/model" params={params}>
          Model
        </Link>
        <Link to="/runs/$runId/try" params={params}>
          Try
        </Link>
        <Link to="/runs/$runId/console" params={params}>
          Console
        </Link>
        <Link to="/runs/$runId/system" params={params} activeOptions={{ includeSearch: false }}>
          System
        </Link>
        <Link to="/runs/$runId/files" params={params}>
          Files
        </Link>
      </Tabs>
    </>
  );
}
