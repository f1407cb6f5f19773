/** Two runs on the same test images. */
import type { Evaluation, Run } from "@atelier/tracker/model";
import { useQuery } from "@tanstack/react-query";
import { apiQuery } from "../../api/client.ts";
import { evaluationQuery } from "../../images/use-evaluation.ts";
import { shellWord } from "../../parts/shell-word.ts";
import { Answer, Empty } from "../../parts/states.tsx";
import type { CompareSearch } from "./compare-search.ts";
import { PairImages } from "./pair-images.tsx";

export interface PairProps {
  readonly runs: readonly Run[];
  readonly search: CompareSearch;
  readonly onChange: (change: CompareSearch) => void;
}

export function PairComparison({ runs, search, onChange }: PairProps) {
  const [idA, idB] = (search.pair ?? "").split(",");
  const a = runs.find(({ id }) => id === idA) ?? runs[0]!;
  const b = runs.find(({ id }) => id === idB && id !== a.id) ?? runs.find(({ id }) => id !== a.id)!;
  const evaluations = useQuery(apiQuery("listEvaluations", { query: { runs: [a.id, b.id] } }));
  const choose = (pair: string) => onChange({ pair, image: undefined });
  return (
    <section className="stack">
      <div className="row">
        <h2>Image by image</h2>
        <RunChoice label="first run" runs={runs} chosen={a} onChange={(id) => choose(`${id},${b.id}`)} />
        <span className="muted">against</span>
        <RunChoice label="second run" runs={runs} chosen={b} onChange={(id) => choose(`${a.id},${id}`)} />
      </div>
      <Answer query={evaluations} what="evaluations">
        {(list) => {
          const shared = sharedEvaluation(list, a.id, b.id);
          if (!shared) {
            return (
              <Empty title="These runs were not tested on the same images">
                <pre>{[a, b].map(({ id }) => `npx atelier evaluate ${shellWord(id)}`).join("\n")}</pre>
              </Empty>
            );
          }
          return <Pair a={a} b={b} evaluations={shared} search={search} onChange={onChange} />;
        }}
      </Answer>
    </section>
  );
}

function Pair({
  a,
  b,
  evaluations,
  search,
  onChange,
}: Pick<PairProps, "search" | "onChange"> & {
  readonly a: Run;
  readonly b: Run;
  readonly evaluations: readonly [Evaluation, Evaluation];
}) {
  const first = useQuery(evaluationQuery(evaluations[0]));
  const second = useQuery(evaluationQuery(evaluations[1]));
  return (
    <Answer query={first} what="predictions">
      {(loadedA) => (
        <Answer query={second} what="predictions">
          {(loadedB) => (
            <PairImages
              a={{ run: a, loaded: loadedA }}
              b={{ run: b, loaded: loadedB }}
              search={search}
              onChange={onChange}
            />
          )}
        </Answer>
      )}
    </Answer>
  );
}

/** The newest evaluations of both runs on the same images, test data first. */
function sharedEvaluation(
  list: readonly Evaluation[],
  idA: string,
  idB: string,
): readonly [Evaluation, Evaluation] | undefined {
  const pairs = list
    .filter(({ runId }) => runId === idA)
    .flatMap((own) => {
      const other = list.find(
        ({ runId, dataChecksum, part }) =>
          runId === idB && dataChecksum === own.dataChecksum && part === own.part,
      );
      return other ? [[own, other] as const] : [];
    });
  return pairs.find(([{ part }]) => part === "test") ?? pairs[0];
}

function RunChoice({
  label,
  runs,
  chosen,
  onChange,
}: {
  readonly label: string;
  readonly runs: readonly Run[];
  readonly chosen: Run;
  readonly onChange: (id: string) => void;
}) {
  return (
    <select aria-label={label} value={chosen.id} onChange={({ target }) => onChange(target.value)}>
      {runs.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}
