export {
  loadKernels,
  type Kernels,
  KernelsUnavailable,
  type NativeAugmentation,
  type NativeJob,
  type NativeProgram,
  type NativeProgress,
  type NativeResult,
  type NativeSession,
  type NativeUse,
  type SessionOptions,
} from "./kernels.ts";
