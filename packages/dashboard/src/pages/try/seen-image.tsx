import { useEffect, useRef } from "react";

/** The pixels as the model sees them. */
export function SeenImage({
  pixels,
  input: [height, width, channels],
}: {
  readonly pixels: Uint8Array;
  readonly input: readonly [number, number, number];
}) {
  const place = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = place.current!.getContext("2d")!;
    const image = context.createImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = pixels[i * channels + (channels === 1 ? 0 : c)]!;
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }, [pixels, height, width, channels]);
  return (
    <figure className="seen">
      <canvas ref={place} width={width} height={height} className="data-image" />
      <figcaption className="muted small">what the model sees</figcaption>
    </figure>
  );
}
