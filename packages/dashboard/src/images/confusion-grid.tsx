/** A confusion matrix whose cells can be opened: rows true, columns predicted, coloured as in reports. */

import { formatCount, formatPercent } from "@atelier/charts/text";
import { rampStep, themes } from "@atelier/charts/theme";
import { useTheme } from "../shell/theme.ts";
import { textOn } from "./text-on.ts";
import "./confusion-grid.css";

export interface ConfusionCell {
  readonly trueClass: number;
  readonly predictedClass: number;
}

/** Mistakes reach full colour at least at this share of a row. */
const minWorstShare = 0.05;

export function ConfusionGrid({
  classNames,
  confusion,
  chosen,
  onChoose,
}: {
  readonly classNames: readonly string[];
  readonly confusion: readonly (readonly number[])[];
  readonly chosen?: ConfusionCell | undefined;
  /** Absent: the cells are only looked at. */
  readonly onChoose?: (cell: ConfusionCell) => void;
}) {
  const theme = themes[useTheme()];
  const totals = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const shareOf = (row: number, column: number) => confusion[row]![column]! / Math.max(1, totals[row]!);
  const worst = classNames.reduce(
    (most, _, row) =>
      classNames.reduce(
        (max, __, column) => (row === column ? max : Math.max(max, shareOf(row, column))),
        most,
      ),
    minWorstShare,
  );
  const style = (row: number, column: number) => {
    const count = confusion[row]![column]!;
    if (count === 0) return {};
    const isRight = row === column;
    const step = rampStep(isRight ? shareOf(row, column) : shareOf(row, column) / worst);
    const background = (isRight ? theme.correct : theme.wrong)[step]!;
    return { background, color: textOn(background) };
  };
  return (
    <div className="scroll-x">
      <table className="confusion">
        <caption className="visually-hidden">
          Confusion matrix: rows are true classes, columns predicted ones
        </caption>
        <thead>
          <tr>
            <td className="muted small">true ↓ predicted →</td>
            {classNames.map((name) => (
              <th key={name} scope="col" title={name}>
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classNames.map((name, row) => (
            <tr key={name}>
              <th scope="row" className="cut" title={name}>
                {name}
              </th>
              {classNames.map((predicted, column) => {
                const count = confusion[row]![column]!;
                const isChosen = chosen?.trueClass === row && chosen.predictedClass === column;
                const title = `${name} → ${predicted}: ${formatCount(count)} images, ${formatPercent(shareOf(row, column))} of the class`;
                return (
                  <td key={predicted}>
                    {onChoose ? (
                      <button
                        type="button"
                        aria-pressed={isChosen}
                        aria-label={title}
                        title={title}
                        disabled={count === 0}
                        style={style(row, column)}
                        onClick={() => onChoose({ trueClass: row, predictedClass: column })}
                      >
                        {count === 0 ? "" : formatCount(count)}
                      </button>
                    ) : (
                      <span title={title} style={style(row, column)}>
                        {count === 0 ? "" : formatCount(count)}
                      </span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
