import { emptySvg } from "../svg/elements.ts";
import { svgTable } from "../svg/table.ts";
import { formatCount, formatDecimal } from "../text/format.ts";
import type { ThemeName } from "../theme.ts";

/** What was measured of one model; null is drawn as a dash and never counts as best. */
export interface ModelResult {
  readonly name: string;
  readonly parameters: number | null;
  readonly seconds: number | null;
  readonly imagesPerSecond: number | null;
  readonly validationLoss: number | null;
  readonly validationAccuracy: number | null;
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
}

interface Measure {
  readonly key: Exclude<keyof ModelResult, "name">;
  readonly title: string;
  readonly format: (value: number | null) => string;
  readonly best?: "lowest" | "highest";
}

const loss = (value: number | null) => formatDecimal(value, 5);
const measures: readonly Measure[] = [
  { key: "parameters", title: "parameters", format: formatCount },
  { key: "seconds", title: "seconds", format: (value) => formatDecimal(value, 1), best: "lowest" },
  { key: "imagesPerSecond", title: "images/s", format: formatCount, best: "highest" },
  { key: "validationLoss", title: "val loss", format: loss, best: "lowest" },
  { key: "validationAccuracy", title: "val accuracy", format: loss, best: "highest" },
  { key: "testLoss", title: "test loss", format: loss, best: "lowest" },
  { key: "testAccuracy", title: "test accuracy", format: loss, best: "highest" },
];

/**
 * Models in the given order beside their size, time and scores. The best of each column is emphasised when there
 * are at least two models to choose from; columns that no model has a value for are left out.
 */
export function comparisonTableFigure(models: readonly ModelResult[], theme: ThemeName = "light"): string {
  if (models.length === 0) return emptySvg("No models to compare", theme);
  const used = measures.filter(({ key }) => models.some((model) => isMeasured(model[key])));
  const best = new Map(used.map((measure) => [measure.key, bestValue(measure, models)]));
  return svgTable(
    {
      label: "Comparison of models",
      columns: [
        { title: "model", align: "left" },
        ...used.map(({ title }) => ({ title, align: "right" as const })),
      ],
      rows: models.map((model) => ({
        cells: [
          { text: model.name },
          ...used.map(({ key, format }) => ({
            text: format(model[key]),
            emphasised: isMeasured(model[key]) && model[key] === best.get(key),
          })),
        ],
      })),
    },
    theme,
  );
}

function bestValue({ key, best }: Measure, models: readonly ModelResult[]): number | undefined {
  const values = models.map((model) => model[key]).filter(isMeasured);
  if (best === undefined || values.length < 2) return undefined;
  return best === "lowest" ? Math.min(...values) : Math.max(...values);
}

function isMeasured(value: number | null): value is number {
  return value !== null && Number.isFinite(value);
}
