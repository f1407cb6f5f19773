import { formatCount, formatDecimal } from "@atelier/charts/text";
import type { AnswerOf } from "@atelier/tracker/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { apiQuery } from "../../api/client.ts";
import { Facts } from "../../parts/facts.tsx";
import { Answer, Empty, Loading } from "../../parts/states.tsx";
import { ProjectPage } from "../../shell/project-page.tsx";
import { ClassSamples } from "./class-samples.tsx";
import type { DataSearch } from "./data-search.ts";
import "./data-page.css";

const route = getRouteApi("/projects/$entity/$project/data");
const ClassBalance = lazy(async () => ({ default: (await import("./class-balance.tsx")).ClassBalance }));

type Dataset = AnswerOf<"listDatasets">[number];
type Description = AnswerOf<"describeDataset">;

/** The data sets that the runs of a project work on: what is in them, and how much of it. */
export function DataPage() {
  const scope = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(apiQuery("listDatasets", { query: scope }));
  const set = (change: DataSearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return (
    <ProjectPage {...scope} trail={["data"]} className="page data">
      <h1>Data</h1>
      <Answer query={query} what="data sets">
        {(list) =>
          list.length === 0 ? (
            <Empty title="No run of this project says which data it works on" />
          ) : (
            <ChosenDataset list={list} search={search} onChange={set} />
          )
        }
      </Answer>
    </ProjectPage>
  );
}

function ChosenDataset({
  list,
  search,
  onChange,
}: {
  readonly list: readonly Dataset[];
  readonly search: DataSearch;
  readonly onChange: (change: DataSearch) => void;
}) {
  const chosen =
    list.find(({ name, checksum }) => name === search.name && checksum === (search.checksum ?? checksum)) ??
    list[0]!;
  const { name, checksum } = chosen;
  const query = useQuery(apiQuery("describeDataset", { parameters: { name }, query: { checksum } }));
  return (
    <>
      {list.length > 1 && (
        <label className="row">
          data set
          <select
            value={`${name} ${checksum}`}
            onChange={({ target }) => {
              const next = list.find((one) => `${one.name} ${one.checksum}` === target.value)!;
              onChange({ name: next.name, checksum: next.checksum, part: undefined });
            }}
          >
            {list.map((one) => (
              <option key={`${one.name} ${one.checksum}`} value={`${one.name} ${one.checksum}`}>
                {one.name} {one.checksum.slice(0, 8)} ({one.runCount} runs)
              </option>
            ))}
          </select>
        </label>
      )}
      {query.error ? (
        <Empty title={`${name} cannot be opened here`}>
          <p>{query.error.message}</p>
        </Empty>
      ) : (
        <Answer query={query} what="the data set">
          {(found) => <Described found={found} search={search} onChange={onChange} />}
        </Answer>
      )}
    </>
  );
}

function Described({
  found,
  search,
  onChange,
}: {
  readonly found: Description;
  readonly search: DataSearch;
  readonly onChange: (change: DataSearch) => void;
}) {
  const part = found.parts.find((one) => one.part === search.part) ?? found.parts[0]!;
  const seed = Number(search.seed ?? 0) || 0;
  const decimals = (values: readonly number[]) => values.map((value) => formatDecimal(value, 4)).join(", ");
  return (
    <>
      <Facts
        facts={[
          { name: "data set", value: found.name, note: found.checksum.slice(0, 16) },
          ...found.parts.map((one) => ({
            name: `${one.part} images`,
            value: formatCount(one.imageCount),
            note: one.checksum.slice(0, 16),
          })),
          { name: "image", value: found.shape.join(" × "), note: "height × width × channels" },
          { name: "classes", value: formatCount(found.classNames.length) },
          { name: "mean", value: decimals(part.mean), note: `of ${part.part} pixels, 0–1` },
          {
            name: "standard deviation",
            value: decimals(part.standardDeviation),
            note: `of ${part.part} pixels, 0–1`,
          },
        ]}
      />
      <div className="data-columns">
        <section className="stack">
          <div className="row spread">
            <h2>Samples of each class</h2>
            <span className="row">
              <span className="segments">
                {found.parts.map((one) => (
                  <button
                    key={one.part}
                    type="button"
                    aria-pressed={one.part === part.part}
                    onClick={() => onChange({ part: one.part })}
                  >
                    {one.part}
                  </button>
                ))}
              </span>
              <button type="button" onClick={() => onChange({ seed: String(seed + 1) })}>
                Others
              </button>
            </span>
          </div>
          {found.classNames.map((className, index) => (
            <ClassSamples
              key={className}
              source={{ name: found.name, part: part.part, checksum: found.checksum }}
              className={className}
              classIndex={index}
              count={part.classCounts[index] ?? 0}
              seed={seed}
            />
          ))}
        </section>
        <Suspense fallback={<Loading what="the chart" />}>
          <ClassBalance
            classNames={found.classNames}
            splits={found.parts.map((one) => ({ name: one.part, counts: one.classCounts }))}
          />
        </Suspense>
      </div>
    </>
  );
}
