/** Where one draws with a pen, a finger or a mouse, or puts an image. */
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { invert, isLightAround, pixelsOf } from "./pixels.ts";
import { TestImages } from "./test-images.tsx";

const side = 280;
const penWidth = 22;

export function DrawingPad({
  input,
  runId,
  onPixels,
}: {
  readonly input: readonly [number, number, number];
  readonly runId: string;
  readonly onPixels: (pixels: Uint8Array | undefined) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<readonly [number, number]>(undefined);
  const [problem, setProblem] = useState<string>();
  const context = () => canvas.current!.getContext("2d", { willReadFrequently: true })!;
  const clear = () => {
    context().fillStyle = "#000";
    context().fillRect(0, 0, side, side);
    setProblem(undefined);
    onPixels(undefined);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the canvas is there
  useEffect(clear, []);

  const place = ({ currentTarget, clientX, clientY }: PointerEvent<HTMLCanvasElement>) => {
    const box = currentTarget.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * side, ((clientY - box.top) / box.height) * side] as const;
  };
  const draw = (event: PointerEvent<HTMLCanvasElement>) => {
    if (!last.current) return;
    const pen = context();
    const next = place(event);
    pen.strokeStyle = "#fff";
    pen.lineWidth = penWidth;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(...last.current);
    pen.lineTo(...next);
    pen.stroke();
    last.current = next;
    onPixels(pixelsOf(canvas.current!, input));
  };
  const show = async (file: Blob) => {
    const picture = await createImageBitmap(file).catch(() => undefined);
    if (!picture) return setProblem("This is no image that a browser can open.");
    clear();
    const pixels = pixelsOf(picture, input);
    const seen = isLightAround(pixels, input) ? invert(pixels) : pixels;
    const scale = Math.min(side / picture.width, side / picture.height);
    const [w, h] = [picture.width * scale, picture.height * scale];
    context().imageSmoothingEnabled = scale < 1;
    context().drawImage(picture, (side - w) / 2, (side - h) / 2, w, h);
    onPixels(seen);
  };
  return (
    <section
      className="pad stack"
      aria-label="Image to try"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const file = event.dataTransfer.files[0];
        if (file) void show(file);
      }}
    >
      <canvas
        ref={canvas}
        width={side}
        height={side}
        aria-label="Drawing area"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          last.current = place(event);
          draw(event);
        }}
        onPointerMove={draw}
        onPointerUp={() => {
          last.current = undefined;
        }}
      />
      <div className="row">
        <button type="button" onClick={clear}>
          Clear
        </button>
        <label className="button">
          Pick an image
          <input
            type="file"
            accept="image/*"
            className="visually-hidden"
            onChange={({ target }) => {
              if (target.files?.[0]) void show(target.files[0]);
              target.value = "";
            }}
          />
        </label>
      </div>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <TestImages runId={runId} onChoose={(image) => void show(image)} />
    </section>
  );
}
