/** The figures of a report, here: classification report, scores a class, reliability. */
import {
  confusionMatrixFrame,
  confusionMatrixOption,
  perClassFrame,
  perClassOption,
  reliabilityFrame,
  reliabilityOption,
} from "@atelier/charts";
import { formatCount, formatDecimal } from "@atelier/charts/text";
import type { ClassificationMetrics } from "@atelier/vision/metrics";
import { Figure } from "../../charts/figure.tsx";
import type { LoadedEvaluation } from "../../images/use-evaluation.ts";
import { useTheme } from "../../shell/theme.ts";
import { saveConfusion } from "./save-confusion.ts";

export function EvaluationFigures({
  loaded: { evaluation, metrics },
}: {
  readonly loaded: LoadedEvaluation;
}) {
  const theme = useTheme();
  const matrix = { classNames: evaluation.classNames, counts: metrics.confusion };
  const { bins, ece } = metrics.calibration;
  const reliability = {
    bins: bins.map(({ from, to, ...bin }) => ({ lower: from, upper: to, ...bin })),
    expectedCalibrationError: ece,
  };
  return (
    <div className="evaluation-figures">
      <Report metrics={metrics} />
      <Figure
        title="Scores per class"
        frame={perClassFrame(metrics.perClass, theme)}
        option={(frame) => perClassOption(metrics.perClass, frame)}
      />
      <Figure
        title="Reliability"
        frame={reliabilityFrame(theme)}
        option={(frame) => reliabilityOption(reliability, frame)}
      />
      <Figure
        title="Confusion matrix as in reports"
        frame={confusionMatrixFrame(matrix, theme)}
        option={(frame) => confusionMatrixOption(matrix, frame)}
        onCsv={() => saveConfusion(matrix)}
      />
    </div>
  );
}

function Report({ metrics }: { readonly metrics: ClassificationMetrics }) {
  const rows = [
    ...metrics.perClass,
    { name: "macro average", ...metrics.macro },
    { name: "weighted average", ...metrics.weighted },
  ];
  return (
    <section className="stack">
      <h2>Classification report</h2>
      <div className="scroll-x">
        <table>
          <thead>
            <tr>
              <th>class</th>
              <th className="number">precision</th>
              <th className="number">recall</th>
              <th className="number">F1</th>
              <th className="number">images</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, precision, recall, f1, support }) => (
              <tr key={name}>
                <td>{name}</td>
                <td className="number">{formatDecimal(precision, 4)}</td>
                <td className="number">{formatDecimal(recall, 4)}</td>
                <td className="number">{formatDecimal(f1, 4)}</td>
                <td className="number">{formatCount(support)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
