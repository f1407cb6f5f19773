import { emptySvg } from "../svg/elements.ts";
import { svgTable } from "../svg/table.ts";
import { formatCount } from "../text/format.ts";
import type { ThemeName } from "../theme.ts";

/** One layer; `outputShape` leaves the batch out: [28, 28, 1]. */
export interface LayerSummary {
  readonly name: string;
  readonly type: string;
  readonly outputShape: readonly number[];
  readonly parameters: number;
}

/** A model's layers in order, and its parameter counts. */
export interface ModelSummary {
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly trainableParameters: number;
}

/** The model as Keras's `summary()` prints it: layer (type), output shape, parameters, and the totals below. */
export function modelTableFigure(model: ModelSummary, theme: ThemeName = "light"): string {
  if (model.layers.length === 0) return emptySvg("This model has no layers", theme);
  return svgTable(
    {
      label: "Model summary",
      columns: [
        { title: "Layer (type)", align: "left" },
        { title: "Output shape", align: "left" },
        { title: "Param #", align: "right" },
      ],
      rows: model.layers.map(({ name, type, outputShape, parameters }) => ({
        cells: [
          { text: `${name} (${type})` },
          { text: `(${["None", ...outputShape].join(", ")})` },
          { text: formatCount(parameters) },
        ],
      })),
      notes: [
        `Total params: ${formatCount(model.parameters)}`,
        `Trainable params: ${formatCount(model.trainableParameters)}`,
        `Non-trainable params: ${formatCount(model.parameters - model.trainableParameters)}`,
      ],
    },
    theme,
  );
}
