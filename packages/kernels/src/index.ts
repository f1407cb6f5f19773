export {
  type Kernels,
  KernelsUnavailable,
  listVariants,
  loadKernels,
  type NativeAugmentation,
  type NativeJob,
  type NativeProgram,
  type NativeProgress,
  type NativeResult,
  type NativeSession,
  type NativeUse,
  type SessionOptions,
} from "./kernels.ts";
