import { emptySvg } from "../svg/elements.ts";
import { svgTable, type TableRow } from "../svg/table.ts";
import { formatCount, formatDecimal } from "../text/format.ts";
import type { ThemeName } from "../theme.ts";

/** Scores in [0, 1] over `support` images. */
export interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
}

/** Scores of one class. */
export interface ClassScores extends Scores {
  readonly name: string;
}

/** Scores of each class and over all: unweighted mean, and mean weighted by support. */
export interface ClassificationReport {
  readonly classes: readonly ClassScores[];
  readonly accuracy: number;
  readonly macroAverage: Scores;
  readonly weightedAverage: Scores;
}

/** The report in the layout of scikit-learn's `classification_report`, with four decimals. */
export function classificationReportFigure(report: ClassificationReport, theme: ThemeName = "light"): string {
  if (report.classes.length === 0) return emptySvg("No classes were evaluated", theme);
  const support = report.macroAverage.support;
  const accuracy = ["accuracy", "", "", formatDecimal(report.accuracy, 4), formatCount(support)];
  return svgTable(
    {
      label: "Classification report",
      columns: [
        { title: "class", align: "left" },
        { title: "precision", align: "right" },
        { title: "recall", align: "right" },
        { title: "f1-score", align: "right" },
        { title: "support", align: "right" },
      ],
      rows: [
        ...report.classes.map(scoresRow),
        { cells: accuracy.map((text) => ({ text })), startsGroup: true },
        scoresRow({ name: "macro avg", ...report.macroAverage }),
        scoresRow({ name: "weighted avg", ...report.weightedAverage }),
      ],
    },
    theme,
  );
}

function scoresRow({ name, precision, recall, f1, support }: ClassScores): TableRow {
  const scores = [precision, recall, f1].map((score) => ({ text: formatDecimal(score, 4) }));
  return { cells: [{ text: name }, ...scores, { text: formatCount(support) }] };
}
