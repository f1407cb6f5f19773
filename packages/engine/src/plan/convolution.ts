/**
 * Which algorithm a convolution takes, from its shape alone: the direct product, or the one by Fourier transform
 * (packages/kernels/src/native/conv2d-fft.cpp), which multiplies less and moves more. Costs are in multiply-adds
 * of the direct kernel.
 */

/** The window and image fields of a convolution's kernel call (program.ts). */
export interface ConvGeometry {
  readonly N: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly kH: number;
  readonly kW: number;
  readonly F: number;
  readonly sH: number;
  readonly sW: number;
  readonly dH: number;
  readonly dW: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly oH: number;
  readonly oW: number;
  readonly groups: number;
}

type FourierGeometry = Omit<ConvGeometry, "sH" | "sW" | "dH" | "dW" | "groups">;

/**
 * What a multiply-add of a transform costs beside one of the products: its sums are short, and its results are
 * written far apart. Chosen so that the model meets the measured ratio of whole kernels (AVX2, one thread, layers of
 * cnn-small and cnn-tuned) within a third for most, and within a half elsewhere, where no choice hangs on it.
 */
const transformFactor = 3;

/** What a multiply-add of the direct kernels costs; the filter gradient's was measured at 1.1 to 1.6. */
const directFactor = { conv2d: 1, conv2dInputGrad: 1, conv2dFilterGrad: 1.4 };

/** How much better the Fourier transform must look; below it, the model's error decides rather than the shape. */
const margin = 0.8;

/** Images and windows the Fourier kernels take. */
const largestExtent = 128;

/** The kernel that computes a convolution or one of its gradients: by Fourier transform where that pays. */
export function convolutionKernel<K extends keyof typeof directFactor>(
  kernel: K,
  conv: ConvGeometry,
): K | `${K}Fft` {
  const pays = fourierFits(conv) && fourierCost(conv) < margin * directFactor[kernel] * directCost(conv);
  return pays ? `${kernel}Fft` : kernel;
}

function fourierFits({ H, W, kH, kW, oH, oW, sH, sW, dH, dW, groups }: ConvGeometry): boolean {
  return (
    [sH, sW, dH, dW, groups].every((value) => value === 1) && Math.max(H, W, kH, kW, oH, oW) <= largestExtent
  );
}

/** Rows of taps that lie wholly on padding are skipped. */
function directCost({ N, H, C, kH, kW, F, padTop, oH, oW }: ConvGeometry): number {
  let rows = 0;
  for (let y = 0; y < oH; y++) {
    const [first, end] = [Math.max(0, padTop - y), Math.min(kH, H + padTop - y)];
    rows += Math.max(0, end - first);
  }
  return N * rows * oW * kW * C * F;
}

function fourierCost(conv: ConvGeometry): number {
  const { products, transforms } = fourierWork(conv);
  return products + transformFactor * transforms;
}

/**
 * Multiply-adds by Fourier transform: four (one complex product) a bin, image and pair of channels; and those of
 * the transforms of all images and filters, two products with small matrices each.
 */
export function fourierWork({ N, H, W, C, kH, kW, F, padTop, padLeft, oH, oW }: FourierGeometry): {
  readonly products: number;
  readonly transforms: number;
} {
  const sizeY = Math.max(H + padTop, oH + kH - 1 - padTop);
  const sizeX = Math.max(W + padLeft, oW + kW - 1 - padLeft);
  const columns = Math.floor(sizeX / 2) + 1;
  const bins = (sizeY * sizeX) / 2; // half of them, as images are real
  const transform = (height: number, width: number) => 2 * columns * height * width + 4 * bins * height;
  const transforms = N * C * transform(H, W) + N * F * transform(oH, oW) + C * F * transform(kH, kW);
  return { products: 4 * bins * N * C * F, transforms };
}
