/**
 * ONNX models as data, and their bytes. The messages and field numbers are those of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), as far as exported models use them.
 */
import type { Shape } from "../graph/shape.ts";
import { bytes, type Encoded, float, integer, message, text } from "./protobuf.ts";

export interface OnnxModel {
  readonly opset: number;
  readonly irVersion: number;
  readonly doc: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: OnnxGraph;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

export interface OnnxNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  /** Our ops have one result; the node has its name. */
  readonly output: string;
  readonly attributes: OnnxAttributes;
}

/** Plain numbers are integers, which must not be negative. */
export type OnnxAttributes = Readonly<
  Record<string, number | readonly number[] | { readonly float: number }>
>;

export interface OnnxTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;
  readonly doc?: string;
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly type: OnnxType;
  /** A string is the name of an extent that may change from call to call. */
  readonly shape: readonly (number | string)[];
  readonly doc: string;
}

export type OnnxType = "float32" | "uint8" | "int64";

/** TensorProto.DataType */
export const onnxTypeCodes: { readonly [K in OnnxType]: number } = { float32: 1, uint8: 2, int64: 7 };

/** AttributeProto.AttributeType */
const attributeTypes = { float: 1, int: 2, ints: 7 };

/** The bytes of an .onnx file. */
export function encodeModel(model: OnnxModel): Uint8Array {
  return message(
    integer(1, model.irVersion),
    text(2, "Atelier"),
    text(6, model.doc),
    bytes(7, encodeGraph(model.graph)),
    bytes(8, message(text(1, ""), integer(2, model.opset))), // the default operator set
    Object.entries(model.metadata).map(([key, value]) => bytes(14, message(text(1, key), text(2, value)))),
  );
}

function encodeGraph(graph: OnnxGraph): Encoded {
  return message(
    graph.nodes.map((node) => bytes(1, encodeNode(node))),
    text(2, graph.name),
    graph.initializers.map((tensor) => bytes(5, encodeTensor(tensor))),
    graph.inputs.map((value) => bytes(11, encodeValueInfo(value))),
    graph.outputs.map((value) => bytes(12, encodeValueInfo(value))),
  );
}

function encodeNode(node: OnnxNode): Encoded {
  return message(
    node.inputs.map((name) => text(1, name)),
    text(2, node.output),
    text(3, node.output),
    text(4, node.opType),
    Object.entries(node.attributes).map(([name, value]) => bytes(5, encodeAttribute(name, value))),
  );
}

function encodeAttribute(name: string, value: OnnxAttributes[string]): Encoded {
  if (typeof value === "number")
    return message(text(1, name), integer(3, value), integer(20, attributeTypes.int));
  if ("float" in value)
    return message(text(1, name), float(2, value.float), integer(20, attributeTypes.float));
  const integers = value.map((item) => integer(8, item));
  return message(text(1, name), integers, integer(20, attributeTypes.ints));
}

function encodeTensor({ name, shape, data, doc }: OnnxTensor): Encoded {
  const type = data instanceof Float32Array ? onnxTypeCodes.float32 : onnxTypeCodes.int64;
  return message(
    shape.map((extent) => integer(1, extent)),
    integer(2, type),
    text(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    doc === undefined ? [] : text(12, doc),
  );
}

function encodeValueInfo({ name, type, shape, doc }: OnnxValueInfo): Encoded {
  const extents = shape.map((extent) =>
    bytes(1, typeof extent === "number" ? integer(1, extent) : text(2, extent)),
  );
  const tensorType = message(integer(1, onnxTypeCodes[type]), bytes(2, message(extents)));
  return message(text(1, name), bytes(2, message(bytes(1, tensorType))), text(3, doc));
}
