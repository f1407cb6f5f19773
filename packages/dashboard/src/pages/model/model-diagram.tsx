/**
 * A model as a drawing that is a list: each layer a box with the shape it gives and its parameters, joined by arrows; lines
 * that pass layers by run beside the boxes. Read aloud, it is the list of layers. Deep models are drawn closer.
 */
import type { AnswerOf } from "@atelier/tracker/api";
import { useMemo } from "react";
import { formatNumber } from "../../parts/format.ts";
import { layerKind, layerText } from "./layer-text.ts";
import { type Bypass, wiringOf } from "./layer-wiring.ts";
import { ShapeGlyph, type ShapeScale, scaleOf } from "./shape-glyph.tsx";
import "./model-diagram.css";

type Description = AnswerOf<"describeModel">;
type Layer = Description["layers"][number];

/** Models with more layers than this are drawn closer. */
const mostRoomy = 24;
/** In CSS pixels: a box, and the space below it for an arrow. */
const roomy = { box: 48, gap: 16 } as const;
const close = { box: 30, gap: 6 } as const;
const laneWidth = 12;
const headHeight = 24;

export function ModelDiagram({ model }: { readonly model: Description }) {
  const { layers, input } = model;
  const wiring = useMemo(() => wiringOf(layers), [layers]);
  const scale = useMemo(
    () => scaleOf([input, ...layers.map(({ outputShape }) => outputShape)]),
    [input, layers],
  );
  const isClose = layers.length > mostRoomy;
  const size = isClose ? close : roomy;
  const pitch = size.box + size.gap;
  const lanes = wiring.laneCount === 0 ? 0 : laneWidth * wiring.laneCount + 10;
  const height = pitch * (layers.length + 1) - size.gap;
  const most = Math.max(1, ...layers.map(({ parameters }) => parameters));
  return (
    <section
      className="model-diagram"
      data-close={isClose}
      aria-label="Layers"
      style={{ paddingLeft: lanes }}
    >
      <p className="heads muted small" aria-hidden="true">
        <span>layer</span>
        <span>gives</span>
        <span>parameters</span>
      </p>
      <ol style={{ gap: size.gap }}>
        <li className="box" data-kind="input" style={{ height: size.box }}>
          <ShapeGlyph shape={input} scale={scale} />
          <span className="what">
            <strong>input</strong>
          </span>
          <span className="shape">{input.join(" × ")}</span>
        </li>
        {layers.map((layer, at) => (
          <LayerBox
            key={layer.name}
            layer={layer}
            height={size.box}
            scale={scale}
            share={layer.parameters / most}
            isPlain={wiring.readsPrevious[at]! && layer.from.length === 1}
          />
        ))}
      </ol>
      <svg
        className="wires"
        style={{ top: headHeight }}
        width={lanes + 30}
        height={height}
        aria-hidden="true"
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 6 6"
            refX="5"
            refY="3"
            markerWidth="6"
            markerHeight="6"
            orient="auto"
          >
            <path d="M0 0L6 3L0 6z" />
          </marker>
        </defs>
        {layers.map(({ name }, at) =>
          wiring.readsPrevious[at] ? (
            <path
              key={name}
              d={`M${lanes + 22} ${at * pitch + size.box}v${size.gap - 1}`}
              markerEnd="url(#arrow)"
            />
          ) : null,
        )}
        {wiring.bypasses.map((line) => (
          <path
            key={`${line.from} ${line.to}`}
            className="bypass"
            d={bypassPath(line, { lanes, pitch, box: size.box })}
            markerEnd="url(#arrow)"
          />
        ))}
      </svg>
    </section>
  );
}

function LayerBox({
  layer: { name, type, outputShape, parameters, settings, from },
  height,
  scale,
  share,
  isPlain,
}: {
  readonly layer: Layer;
  readonly height: number;
  readonly scale: ShapeScale;
  readonly share: number;
  /** It reads the layer before it and nothing else. */
  readonly isPlain: boolean;
}) {
  const text = layerText(settings);
  return (
    <li className="box" data-kind={layerKind(type)} style={{ height }}>
      <ShapeGlyph shape={outputShape} scale={scale} />
      <span className="what">
        <span className="cut" title={name}>
          <strong>{type}</strong> <span className="muted">{name}</span>
        </span>
        <span className="muted small cut" title={text}>
          {text}
          {!isPlain && `${text === "" ? "" : " · "}reads ${from.join(", ")}`}
        </span>
      </span>
      <span className="shape">
        <span className="visually-hidden">gives </span>
        {outputShape.join(" × ")}
      </span>
      <span className="count">
        {parameters === 0 ? (
          <span className="muted">
            –<span className="visually-hidden"> no parameters</span>
          </span>
        ) : (
          <>
            {formatNumber(parameters)}
            <span className="visually-hidden"> parameters</span>
            <i style={{ width: `${Math.max(2, 100 * share)}%` }} />
          </>
        )}
      </span>
    </li>
  );
}

/** From the left edge of one box out to its lane, down, and back to the left edge of the other. */
function bypassPath(
  { from, to, lane }: Bypass,
  { lanes, pitch, box }: { readonly lanes: number; readonly pitch: number; readonly box: number },
): string {
  const x = lanes - 10 - laneWidth * lane;
  const start = (from + 1) * pitch + box * 0.66;
  const end = (to + 1) * pitch + box * 0.34;
  const bend = Math.min(6, (end - start) / 2);
  return `M${lanes} ${start}H${x + bend}Q${x} ${start} ${x} ${start + bend}V${end - bend}Q${x} ${end} ${x + bend} ${end}H${lanes - 1}`;
}
