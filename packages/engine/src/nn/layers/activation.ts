import { type Activation, activationField, buildActivation } from "../activations.ts";
import { type CommonOptions, commonFields, type LayerCommon, type LayerRule, makeLayer } from "./layer.ts";

export interface ActivationLayer extends LayerCommon {
  readonly type: "activation";
  readonly activation: Activation;
}

/** A non-linearity of its own, for where one follows a normalisation or a sum: y = activation(x). */
export function activation(kind: Activation, options: CommonOptions = {}): ActivationLayer {
  return makeLayer("activation", activationRule, { activation: kind, ...options });
}

export const activationRule: LayerRule<ActivationLayer> = {
  kerasName: "Activation",
  arity: "one",
  fields: { activation: activationField, ...commonFields },
  build: ({ builder }, [x], layer) => buildActivation(builder, x!, layer.activation),
};
