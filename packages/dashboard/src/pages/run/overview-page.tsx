import type { Run, RunEnvironment } from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { apiQuery } from "../../api/client.ts";
import { ConfigTable } from "../../parts/config-table.tsx";
import { Facts } from "../../parts/facts.tsx";
import { countOf, formatBytes, formatValue } from "../../parts/format.ts";
import { metricRank } from "../../parts/metric-sense.ts";
import { shellWord } from "../../parts/shell-word.ts";
import { Answer, Empty } from "../../parts/states.tsx";
import { LoggedObjectView, loggedObjects } from "./logged-objects.tsx";
import { RunNotes } from "./run-notes.tsx";
import "./overview-page.css";

const route = getRouteApi("/runs/$runId");

/** What the run is, what came out of it, and what it takes to run it again. */
export function OverviewPage() {
  const { runId } = route.useParams();
  const run = useQuery(apiQuery("getRun", { parameters: { runId } }));
  const environment = useQuery(apiQuery("getEnvironment", { parameters: { runId } }));
  return (
    <div className="page overview">
      <Answer query={run} what="the run">
        {(data) => (
          <>
            <div className="stack">
              <RunNotes run={data} />
              <Summary run={data} />
              <Answer query={environment} what="the environment">
                {(found) => <Environment run={data} environment={found} />}
              </Answer>
            </div>
            <section className="stack">
              <h2>Config</h2>
              <ConfigTable config={data.config} />
            </section>
          </>
        )}
      </Answer>
    </div>
  );
}

function Summary({ run }: { readonly run: Run }) {
  const objects = loggedObjects(run.summary);
  const isObject = new Set(objects.map(([key]) => key));
  const entries = Object.entries(run.summary)
    .filter(([key]) => !isObject.has(key))
    .sort(([a], [b]) => metricRank(a) - metricRank(b));
  return (
    <section className="stack">
      <h2>Summary</h2>
      {entries.length + objects.length === 0 ? (
        <Empty title="Nothing has been logged yet" />
      ) : (
        <Facts facts={entries.map(([name, value]) => ({ name, value: formatValue(value) }))} />
      )}
      {objects.map(([key, value]) => (
        <LoggedObjectView key={key} name={key} value={value} />
      ))}
    </section>
  );
}

function Environment({ run, environment }: { readonly run: Run; readonly environment: RunEnvironment }) {
  const { host, command, folder, runtime, git, diff, packages } = environment;
  return (
    <section className="stack">
      <h2>Environment</h2>
      <table className="environment">
        <tbody>
          <Fact name="command">{command && <code>{command.map(shellWord).join(" ")}</code>}</Fact>
          <Fact name="folder">{folder && <code>{folder}</code>}</Fact>
          <Fact name="git">
            {git && (
              <>
                <code>{git.commit.slice(0, 12)}</code> {git.branch} {diff ? "with changes" : ""}
              </>
            )}
          </Fact>
          <Fact name="data set">
            {run.dataset && (
              <>
                {run.dataset.name}{" "}
                <code title="SHA-256 of its images and labels">{run.dataset.checksum.slice(0, 12)}</code>
              </>
            )}
          </Fact>
          <Fact name="host">
            {host &&
              `${host.name}: ${host.cpu}, ${host.cores} cores, ${formatBytes(host.memoryBytes)}, ${host.platform}`}
          </Fact>
          <Fact name="runtime">{runtime}</Fact>
          <Fact name="group">{run.group}</Fact>
          <Fact name="job type">{run.jobType}</Fact>
        </tbody>
      </table>
      {packages && Object.keys(packages).length > 0 && (
        <details>
          <summary>{countOf(Object.keys(packages).length, "package")}</summary>
          <pre>
            {Object.entries(packages)
              .map(([name, version]) => `${name} ${version}`)
              .join("\n")}
          </pre>
        </details>
      )}
      {diff && (
        <details>
          <summary>Changes against the commit</summary>
          <pre className="diff">{diff}</pre>
        </details>
      )}
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  if (children === undefined || children === null || children === "") return null;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{children}</td>
    </tr>
  );
}
