import { goalOf, type Run } from "@atelier/tracker/model";
import { formatValue } from "../../parts/format.ts";
import { RunHead } from "./run-head.tsx";

/** What came out of each run, the best of each row marked where it is known which way is better. */
export function SummaryTable({ runs }: { readonly runs: readonly Run[] }) {
  const keys = [...new Set(runs.flatMap(({ summary }) => Object.keys(summary)))].sort();
  return (
    <section className="stack">
      <h2>Results</h2>
      <div className="scroll-x">
        <table className="side-by-side">
          <thead>
            <tr>
              <td />
              {runs.map((run, index) => (
                <th key={run.id} scope="col">
                  <RunHead run={run} index={index} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => {
              const values = runs.map(({ summary }) => summary[key]);
              const best = bestOf(key, runs, values);
              return (
                <tr key={key}>
                  <th scope="row">{key}</th>
                  {values.map((value, index) => (
                    <td key={runs[index]!.id} className={value === best ? "best" : ""}>
                      {value === undefined ? "" : formatValue(value)}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** The best value of a metric, as its definition or its name says; undefined where all are equal or nothing tells. */
function bestOf(key: string, runs: readonly Run[], values: readonly unknown[]): number | undefined {
  const numbers = values.filter((value) => typeof value === "number" && Number.isFinite(value)) as number[];
  if (numbers.length < 2 || new Set(numbers).size === 1) return undefined;
  const definition = runs.find(({ metrics }) => metrics[key])?.metrics[key];
  const goal = (definition && goalOf(definition)) ?? goalOfName(key);
  if (goal === undefined) return undefined;
  return goal === "minimize" ? Math.min(...numbers) : Math.max(...numbers);
}

function goalOfName(key: string): "minimize" | "maximize" | undefined {
  if (/loss|error/i.test(key)) return "minimize";
  return /accuracy|f1|precision|recall/i.test(key) ? "maximize" : undefined;
}
