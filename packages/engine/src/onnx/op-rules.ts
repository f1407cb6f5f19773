/** How each op is said in ONNX (operator set 17). Total over the op set; export.ts walks the graph with it. */
import { AtelierError } from "../error.ts";
import type { OpNode } from "../graph/graph.ts";
import type { OpName, WindowAttrs } from "../graph/ops.ts";
import type { Emitted, Emitter } from "./emitter.ts";
import { onnxTypeCodes } from "./model-proto.ts";

type OnnxRule<K extends OpName> = (onnx: Emitter, node: OpNode<K>) => Emitted;

/** The op yields no node: it is an initialiser, made where it is used, or the input, which export.ts defines. */
export const leaf = "leaf";

/** The op has no place in a graph that predicts. Throws bad-argument. */
export const trainingOnly: OnnxRule<OpName> = (_, { id, op }) => {
  const what = op === "batchNorm" ? "batchNorm by the moments of the batch" : op;
  throw new AtelierError(
    "bad-argument",
    `ONNX export: %${id} ${what} is for training only; export the graph that predicts.`,
  );
};

export const onnxRules: { readonly [K in OpName]: OnnxRule<K> | typeof leaf } = {
  input: leaf,
  state: leaf,
  constant: leaf,

  add: elementwise("Add"),
  sub: elementwise("Sub"),
  mul: elementwise("Mul"),
  div: elementwise("Div"),
  maximum: elementwise("Max"),
  affine: (onnx, { inputs, attrs: { scale, offset } }) => {
    let { name, layout } = onnx.computed(inputs[0]!);
    if (scale !== 1) name = onnx.emit("Mul", [name, onnx.floats(scale)]);
    if (offset !== 0) name = onnx.emit("Add", [name, onnx.floats(offset)]);
    return { name, layout };
  },
  relu: elementwise("Relu"),
  step: (onnx, { inputs }) => {
    const { name, layout } = onnx.computed(inputs[0]!);
    const positive = onnx.emit("Greater", [name, onnx.floats(0)]);
    return { name: onnx.emit("Cast", [positive], { to: onnxTypeCodes.float32 }), layout };
  },
  sigmoid: elementwise("Sigmoid"),
  tanh: elementwise("Tanh"),
  exp: elementwise("Exp"),
  log: elementwise("Log"),
  sqrt: elementwise("Sqrt"),
  erf: elementwise("Erf"),
  dropout: trainingOnly,

  reshape: (onnx, node) => {
    const x = node.inputs[0]!;
    const [, H, W, C] = onnx.shape(x);
    const { name, layout } = onnx.computed(x);
    // With one pixel or one channel both layouts have the numbers in the same order.
    const sameOrder = layout === "channelsFirst" && (H! * W! === 1 || C === 1);
    return asInGraph(
      onnx.emit("Reshape", [sameOrder ? name : onnx.operand(x), onnx.integers(openBatch(onnx, node))]),
    );
  },
  transpose: (onnx, { inputs, attrs }) =>
    asInGraph(onnx.emit("Transpose", [onnx.operand(inputs[0]!)], { perm: attrs.axes })),
  broadcastTo: (onnx, node) => {
    const x = node.inputs[0]!;
    if (onnx.isBatched(x) || !onnx.isBatched(node.id)) {
      // Expand broadcasts both ways: 1 keeps the batch of x.
      const shape = onnx.isBatched(x) ? [1, ...node.shape.slice(1)] : node.shape;
      return asInGraph(onnx.emit("Expand", [onnx.operand(x), onnx.integers(shape)]));
    }
    const batch = onnx.emit("Shape", ["images"], { start: 0, end: 1 });
    const shape = onnx.emit("Concat", [batch, onnx.integers(node.shape.slice(1))], { axis: 0 });
    return asInGraph(onnx.emit("Expand", [onnx.operand(x), shape]));
  },
  slice: (onnx, { inputs, attrs: { axis, start, end } }) => {
    const { name, layout } = onnx.computed(inputs[0]!);
    const range = [[start], [end], [onnx.axis(axis, layout)]].map((value) => onnx.integers(value));
    return { name: onnx.emit("Slice", [name, ...range]), layout };
  },
  concat: (onnx, { inputs, attrs }) => {
    const layout = onnx.layoutOf(inputs);
    const parts = inputs.map((id) => onnx.operand(id, layout));
    return { name: onnx.emit("Concat", parts, { axis: onnx.axis(attrs.axis, layout) }), layout };
  },

  sum: (onnx, { inputs, attrs }) => {
    const { name, layout } = onnx.computed(inputs[0]!);
    const axes = attrs.axes.map((axis) => onnx.axis(axis, layout));
    return { name: onnx.emit("ReduceSum", [name, onnx.integers(axes)], { keepdims: 1 }), layout };
  },
  matmul: (onnx, { inputs, attrs: { transposeA, transposeB } }) => {
    const operands = inputs.map((id) => onnx.operand(id));
    if (!transposeA && !transposeB) return asInGraph(onnx.emit("MatMul", operands));
    return asInGraph(onnx.emit("Gemm", operands, { transA: Number(transposeA), transB: Number(transposeB) }));
  },

  conv2d: (onnx, { inputs: [x, filters], attrs }) => {
    // [kH, kW, C/groups, F] → [F, C/groups, kH, kW]
    const weights = onnx.view(filters!, onnx.shape(filters!), [3, 2, 0, 1]);
    return channelsFirst(
      onnx.emit("Conv", [onnx.operand(x!, "channelsFirst"), weights], {
        ...windowAttributes(attrs),
        dilations: attrs.dilation,
        group: attrs.groups,
      }),
    );
  },
  conv2dInputGrad: trainingOnly,
  conv2dFilterGrad: trainingOnly,
  maxPool2d: (onnx, { inputs, attrs }) =>
    channelsFirst(onnx.emit("MaxPool", [onnx.operand(inputs[0]!, "channelsFirst")], windowAttributes(attrs))),
  maxPool2dIndex: trainingOnly,
  maxPool2dGrad: trainingOnly,
  avgPool2d: (onnx, { inputs, attrs }) =>
    channelsFirst(
      onnx.emit("AveragePool", [onnx.operand(inputs[0]!, "channelsFirst")], {
        ...windowAttributes(attrs),
        count_include_pad: 0,
      }),
    ),
  avgPool2dGrad: trainingOnly,

  moments: trainingOnly,
  batchNorm: (onnx, node) => {
    if (node.attrs.batchStatistics) return trainingOnly(onnx, node);
    const [x, moments, gamma, beta] = node.inputs as [number, number, number, number];
    const C = node.shape.at(-1)!;
    const parameters = [onnx.operand(gamma), onnx.operand(beta), ...onnx.rows(moments)];
    const normalize = (name: string) =>
      onnx.emit("BatchNormalization", [name, ...parameters], { epsilon: { float: node.attrs.epsilon } });
    if (node.shape.length === 4) return channelsFirst(normalize(onnx.operand(x, "channelsFirst")));
    if (node.shape.length === 2) return asInGraph(normalize(onnx.operand(x)));
    const rows = onnx.emit("Reshape", [onnx.operand(x), onnx.integers([-1, C])]);
    return asInGraph(onnx.emit("Reshape", [normalize(rows), onnx.integers(openBatch(onnx, node))]));
  },
  batchNormParamGrad: trainingOnly,
  batchNormInputGrad: trainingOnly,
  layerNorm: (onnx, { inputs, shape, attrs }) =>
    asInGraph(
      onnx.emit(
        "LayerNormalization",
        inputs.map((id) => onnx.operand(id)),
        { axis: shape.length - 1, epsilon: { float: attrs.epsilon } },
      ),
    ),
  layerNormParamGrad: trainingOnly,
  layerNormInputGrad: trainingOnly,

  softmax: (onnx, { inputs, shape }) => {
    const { name, layout } = onnx.computed(inputs[0]!);
    return { name: onnx.emit("Softmax", [name], { axis: onnx.axis(shape.length - 1, layout) }), layout };
  },
  softmaxCrossEntropy: trainingOnly,
  softmaxCrossEntropyGrad: trainingOnly,
  correct: trainingOnly,
};

/** An element-wise op of any number of operands that is one ONNX operator. */
function elementwise(opType: string): OnnxRule<OpName> {
  return (onnx, { inputs }) => {
    const layout = onnx.layoutOf(inputs);
    return {
      name: onnx.emit(
        opType,
        inputs.map((id) => onnx.operand(id, layout)),
      ),
      layout,
    };
  };
}

function asInGraph(name: string): Emitted {
  return { name, layout: "channelsLast" };
}

function channelsFirst(name: string): Emitted {
  return { name, layout: "channelsFirst" };
}

/** The node's shape, with −1 ("what is left") for the batch. */
function openBatch(onnx: Emitter, node: OpNode<OpName>): readonly number[] {
  return onnx.isBatched(node.id) ? [-1, ...node.shape.slice(1)] : node.shape;
}

function windowAttributes({ size, strides, padding }: WindowAttrs) {
  const { top, left, bottom, right } = padding;
  return { kernel_shape: size, strides, pads: [top, left, bottom, right] };
}
