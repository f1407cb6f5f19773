import { type LabelFrequencies, labelFrequenciesFrame, labelFrequenciesOption } from "@atelier/charts";
import { saveCsv } from "../../charts/export.ts";
import { Figure } from "../../charts/figure.tsx";
import { useTheme } from "../../shell/theme.ts";

/** How many images each class has in each part. */
export function ClassBalance(frequencies: LabelFrequencies) {
  const frame = labelFrequenciesFrame(frequencies, useTheme());
  const { classNames, splits } = frequencies;
  return (
    <Figure
      title="Class balance"
      frame={frame}
      option={(size) => labelFrequenciesOption(frequencies, size)}
      onCsv={() =>
        saveCsv(
          "class-balance",
          ["class", ...splits.map(({ name }) => name)],
          classNames.map((name, at) => [name, ...splits.map(({ counts }) => counts[at] ?? 0)]),
        )
      }
    />
  );
}
