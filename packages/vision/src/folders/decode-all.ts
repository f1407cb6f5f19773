/** Decodes many image files to one size: sizes first, then pixels, then grey or colour; damaged files are skipped. */
import { AtelierError } from "@atelier/engine";
import type { DataProgress } from "../progress.ts";
import { forEachBounded } from "./bounded.ts";
import { decodeRgb, readImageSize, rgbToGrey } from "./decode.ts";
import type { SkippedFile } from "./list-images.ts";

/** What is known before the files are read; the rest is found out. */
export interface DecodeAllOptions {
  /** [height, width]; default chooseSize of the files' sizes. */
  readonly size?: readonly [height: number, width: number] | undefined;
  /** 1 or 3; default 1 when every image is grey, otherwise 3. */
  readonly channels?: number | undefined;
  readonly onProgress?: ((progress: DataProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The images in the order of the paths. */
export interface DecodedImages {
  readonly shape: readonly [height: number, width: number, channels: number];
  /** One entry a path: its pixels [H, W, C], or undefined when it was skipped. */
  readonly pixels: readonly (Uint8Array | undefined)[];
  readonly skipped: readonly SkippedFile[];
}

const filesAtOnce = 8;
const largestKeptSide = 96;
const [smallestSide, largestSide] = [28, 64];

/** Reads every path; throws "stopped" when the signal aborts, and nothing for a file that cannot be read. */
export async function decodeAll(paths: readonly string[], options: DecodeAllOptions): Promise<DecodedImages> {
  const reasons = new Map<number, string>();
  const eachReadable = async (what: string, work: (path: string, index: number) => Promise<void>) => {
    let done = 0;
    await forEachBounded(paths.length, filesAtOnce, async (index) => {
      if (options.signal?.aborted) throw new AtelierError("stopped", `${what} stopped`);
      if (!reasons.has(index)) {
        await work(paths[index]!, index).catch((error: Error) =>
          reasons.set(index, `cannot be decoded: ${firstLine(error.message)}`),
        );
      }
      options.onProgress?.({ what, unit: "images", done: ++done, total: paths.length });
    });
  };

  let { size } = options;
  if (!size) {
    const sizes: (readonly [number, number])[] = [];
    await eachReadable("reading image sizes", async (path, index) => {
      sizes[index] = await readImageSize(path);
    });
    size = chooseSize(sizes.filter((known) => known !== undefined));
  }
  const [height, width] = size;
  const rgb = new Array<Uint8Array | undefined>(paths.length).fill(undefined);
  await eachReadable("decoding images", async (path, index) => {
    rgb[index] = await decodeRgb(path, height, width);
  });

  const channels = options.channels ?? (rgb.every((image) => !image || isGrey(image)) ? 1 : 3);
  const pixels = channels === 1 ? rgb.map((image) => image && rgbToGrey(image)) : rgb;
  const skipped = [...reasons]
    .sort(([a], [b]) => a - b)
    .map(([index, reason]) => ({ path: paths[index]!, reason }));
  return { shape: [height, width, channels], pixels, skipped };
}

/**
 * The size [height, width] for images of these sizes: theirs when all agree and no side is above 96, otherwise a
 * square whose side is the median of the shorter sides, kept within 28–64, which is what trains in minutes on a CPU.
 */
export function chooseSize(sizes: readonly (readonly [height: number, width: number])[]): [number, number] {
  const [first] = sizes;
  if (!first) return [smallestSide, smallestSide];
  const agree = sizes.every(([height, width]) => height === first[0] && width === first[1]);
  if (agree && Math.max(...first) <= largestKeptSide) return [...first];
  const shorter = sizes.map(([height, width]) => Math.min(height, width)).sort((a, b) => a - b);
  const side = Math.min(largestSide, Math.max(smallestSide, shorter[shorter.length >> 1]!));
  return [side, side];
}

function isGrey(rgb: Uint8Array): boolean {
  for (let at = 0; at < rgb.length; at += 3) {
    if (rgb[at] !== rgb[at + 1] || rgb[at] !== rgb[at + 2]) return false;
  }
  return true;
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0]!;
}
