/** The shape of what a layer gives, drawn to scale: images as blocks, vectors as bars. Its text stands beside it. */

/** The largest extents in a model, to which all its shapes are drawn. */
export interface ShapeScale {
  readonly side: number;
  readonly channels: number;
  readonly length: number;
}

export function scaleOf(shapes: readonly (readonly number[])[]): ShapeScale {
  const most = (values: readonly number[]) => Math.max(1, ...values);
  const images = shapes.filter(({ length }) => length === 3);
  return {
    side: most(images.flatMap(([height = 1, width = 1]) => [height, width])),
    channels: most(images.map(([, , channels = 1]) => channels)),
    length: most(
      shapes.filter(({ length }) => length !== 3).map((shape) => shape.reduce((a, b) => a * b, 1)),
    ),
  };
}

/** Channels and lengths span orders of magnitude: they are drawn by their logarithms. */
const share = (value: number, most: number) => Math.log2(1 + value) / Math.log2(1 + most);

export function ShapeGlyph({
  shape,
  scale,
}: {
  readonly shape: readonly number[];
  readonly scale: ShapeScale;
}) {
  return (
    <svg className="shape-glyph" viewBox="0 0 44 34" width="44" height="34" aria-hidden="true">
      {shape.length === 3 ? (
        <Block shape={shape as readonly [number, number, number]} scale={scale} />
      ) : (
        <Bar length={shape.reduce((a, b) => a * b, 1)} scale={scale} />
      )}
    </svg>
  );
}

function Block({
  shape: [height, width, channels],
  scale,
}: {
  readonly shape: readonly [number, number, number];
  readonly scale: ShapeScale;
}) {
  const h = 3 + 19 * (height / scale.side);
  const w = 3 + 19 * (width / scale.side);
  const deep = 1 + 16 * share(channels, scale.channels);
  const [dx, dy] = [deep, deep * 0.5];
  const x = (44 - w - dx) / 2;
  const y = (34 - h - dy) / 2 + dy;
  return (
    <>
      <path className="top" d={`M${x} ${y}l${dx} ${-dy}h${w}l${-dx} ${dy}z`} />
      <path className="side" d={`M${x + w} ${y}l${dx} ${-dy}v${h}l${-dx} ${dy}z`} />
      <rect className="front" x={x} y={y} width={w} height={h} />
    </>
  );
}

function Bar({ length, scale }: { readonly length: number; readonly scale: ShapeScale }) {
  const height = 5 + 25 * share(length, scale.length);
  return <rect className="front" x={19} y={(34 - height) / 2} width={6} height={height} rx={1} />;
}
